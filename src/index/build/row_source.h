#pragma once
// Where exact search gets its rows from: a mapped index file, or the vectors that an index was built from.

#include <cstdint>

#include "data/samples/vectors.h"

namespace runner::ann {

class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual std::int64_t rows() const = 0;
  virtual std::int64_t width() const = 0;
  // Rows as they lie in memory, at any alignment; nullptr when they must be read. Thread-safe.
  virtual const float* mapped(std::int64_t first, std::int64_t count) const = 0;
  // Copies rows, out [count, width]. Blocks are read in ascending order, one at a time.
  virtual void read(std::int64_t first, std::int64_t count, float* out) const = 0;
  // These rows are not needed soon: their pages may leave memory.
  virtual void release(std::int64_t first, std::int64_t count) const = 0;
};

// Vectors as an index holds them: normalised or not.
class InputRows final : public RowSource {
 public:
  InputRows(const data::Vectors& vectors, bool normalize) : vectors_(vectors), normalize_(normalize) {}
  std::int64_t rows() const override { return vectors_.rows(); }
  std::int64_t width() const override { return vectors_.width(); }
  const float* mapped(std::int64_t, std::int64_t) const override { return nullptr; }
  void read(std::int64_t first, std::int64_t count, float* out) const override;
  void release(std::int64_t first, std::int64_t count) const override { vectors_.release(first, count); }
  // Rows in any order, out [n, width]. Deflated vectors need allow_random_access() before.
  void gather(const std::vector<std::int64_t>& rows, float* out) const;

 private:
  const data::Vectors& vectors_;
  bool normalize_;
};

}  // namespace runner::ann
