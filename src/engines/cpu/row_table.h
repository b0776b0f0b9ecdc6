#pragma once

#include <cstdint>

#include "engines/cpu/memory.h"

namespace runner::lvm::cpu {

// Rows of `width` floats, numbered as they are appended. Appending may move those that are there.
class RowTable {
 public:
  explicit RowTable(std::int64_t width = 0) : width_(width) {}

  // New rows, not set; returns the first of them.
  float* append(std::int64_t rows);
  float* row(std::int64_t i) const { return static_cast<float*>(memory_.data()) + i * width_; }
  std::int64_t size() const { return size_; }
  std::int64_t width() const { return width_; }
  // Forgets the rows and keeps their memory.
  void clear() { size_ = 0; }

 private:
  Memory memory_;
  std::int64_t width_ = 0, size_ = 0;
};

}  // namespace runner::lvm::cpu
