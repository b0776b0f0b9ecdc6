#pragma once
// What every vector must be: finite and not all zeros.

#include <cstdint>
#include <functional>
#include <string>

#include "data/samples/row_table.h"

namespace runner::data {

struct ValueCheck {
  double mean_norm = 0, min_norm = 0, max_norm = 0;
};

// A row of zeros has no direction: refused, unless nobody asks for one (distances).
enum class Zeros { refused, allowed };

// One vector of `width` values: throws DataError naming `place`, the row and (for NaN, Inf) the column;
// returns its norm.
double checked_norm(const float* values, std::int64_t width, const std::string& place, std::int64_t row,
                    Zeros zeros = Zeros::refused);

// All rows of a table, each of `width` values after the other. Pages are released behind. `crc`: the bytes
// are compared with the archive's CRC too. `progress` gets the rows done.
ValueCheck check_table(const RowTable& table, std::int64_t width, bool crc,
                       const std::function<void(std::int64_t)>& progress, Zeros zeros = Zeros::refused);
// The same of the rows [first, end) alone, without the CRC.
ValueCheck check_rows(const RowTable& table, std::int64_t width, std::int64_t first, std::int64_t end,
                      const std::function<void(std::int64_t)>& progress, Zeros zeros);

// The check of two tables' vectors together.
ValueCheck combine(const ValueCheck& a, std::int64_t count_a, const ValueCheck& b, std::int64_t count_b);

}  // namespace runner::data
