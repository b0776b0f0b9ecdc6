#pragma once
// A floating-point array seen as rows of float32: its first dimension counts rows, the others make a row.

#include <cstdint>

#include "data/formats/numpy/npz.h"

namespace runner::data {

class RowTable {
 public:
  // Throws DataError unless the array is of floats, of this rank, and without empty dimensions.
  RowTable(Array array, std::size_t rank);

  const Array& array() const { return array_; }
  std::int64_t rows() const { return rows_; }
  std::int64_t width() const { return width_; }  // elements a row: D, or T·D

  // out [count, width]. Sequential reading is fast for every kind of file. Mapped arrays: thread-safe.
  void read(std::int64_t first, std::int64_t count, float* out) const;
  // The same for rows in any order: what is read leaves no page mapped (but of a table in Fortran order).
  void pick(std::int64_t first, std::int64_t count, float* out) const;
  void allow_random_access();  // unpacks a deflated array into a scratch file
  void prefetch(std::int64_t first, std::int64_t count) const;
  void release(std::int64_t first, std::int64_t count) const;

 private:
  // Elements from number `place` of the array on. Throws DataError when a float64 is beyond float32's range.
  void convert(const std::byte* in, std::uint64_t place, std::size_t elements, float* out) const;
  void check_fits(const std::byte* in, std::uint64_t place) const;
  void copy(std::uint64_t start, std::size_t elements, float* out) const;  // start in bytes
  void read_fortran(std::int64_t first, std::int64_t count, float* out) const;

  Array array_;
  std::int64_t rows_ = 0, width_ = 0;
  std::uint64_t row_bytes_ = 0;
};

}  // namespace runner::data
