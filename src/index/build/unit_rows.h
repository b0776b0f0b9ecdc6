#pragma once
// Rows brought to length 1. The fastest form that the CPU has is chosen at run time; the plain one is the
// reference that the others are tested against.

#include <cstdint>

namespace runner::ann {

// Sum of the squares of `width` floats at any alignment.
float squared_norm(const float* row, std::int64_t width);
float squared_norm_plain(const float* row, std::int64_t width);

// row[i] *= factor.
void scale_row(float* row, std::int64_t width, float factor);
void scale_row_plain(float* row, std::int64_t width, float factor);

// Checks and, with `normalize`, divides by its length each of `count` rows of `width` values. Returns the
// first row with NaN or Inf, or of zeros that should get a length (its values untouched), or -1. Not
// parallel: callers hand out blocks.
std::int64_t make_unit_rows(float* rows, std::int64_t count, std::int64_t width, bool normalize);

// The same in parallel. Throws DataError naming `place` and the row, counted from `first_row`.
void make_unit_rows_parallel(float* rows, std::int64_t count, std::int64_t width, bool normalize,
                             const char* place, std::int64_t first_row);

}  // namespace runner::ann
