#pragma once
// What there is to predict from: contexts of T vectors, in pieces, in the input's order.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace runner::jobs {

struct ContextPiece {
  std::vector<float> vectors;        // [R, D] rows that contexts are made of
  std::vector<std::int64_t> rows;    // [R] their numbers in the input; empty for ready contexts
  std::vector<std::int64_t> starts;  // by context: its first row in `vectors`; the T-1 after it follow
  std::vector<std::int64_t> articles;
  std::vector<std::int64_t> last_rows;  // row of the input that is the context's last
  std::int64_t count() const { return static_cast<std::int64_t>(starts.size()); }
};

class Contexts {
 public:
  virtual ~Contexts() = default;
  virtual std::int64_t size() const = 0;    // M
  virtual std::int64_t length() const = 0;  // T
  virtual std::int64_t width() const = 0;   // D
  virtual bool of_vectors() const = 0;      // false: ready contexts
  // Some more contexts; false at the end. Throws DataError for NaN, Inf and zeros, naming the row.
  virtual bool next(ContextPiece& piece) = 0;
};

// Of vectors files: every run of T rows of one article in the order of data/samples/row_order.h, the last one
// of each article among them (its open end). Of files of ready contexts (context_sequences or their other
// names, a 3-D .npy): these; `last_row` is then the context's number, `article` -1 where the file tells none.
// `length`: T, and `told_by` who wants it, for messages. Throws DataError: neither, or contexts of another
// length.
std::unique_ptr<Contexts> open_contexts(const std::vector<std::string>& paths, std::int64_t length,
                                        const std::string& told_by);

}  // namespace runner::jobs
