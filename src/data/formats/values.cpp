#include "data/formats/values.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/log.h"

namespace runner::data {
namespace {

// Eight sums side by side, which the compiler turns into vector instructions.
float square_sum(const float* values, std::int64_t width) {
  float sums[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= width; i += 8)
    for (int lane = 0; lane < 8; ++lane) sums[lane] += values[i + lane] * values[i + lane];
  for (; i < width; ++i) sums[0] += values[i] * values[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

// The row looks odd (or its squares leave float's range): find out what it is.
double examine(const float* values, std::int64_t width, const std::string& place, std::int64_t row,
               Zeros zeros) {
  const std::string where = fmt::format("{}, row {}", place, row);
  double sum = 0;
  for (std::int64_t i = 0; i < width; ++i) {
    if (!std::isfinite(values[i]))
      throw DataError(
          fmt::format("{} in column {}; every value must be finite: leave this row out or embed it again",
                      std::isnan(values[i]) ? "NaN" : "Inf", i),
          where);
    sum += static_cast<double>(values[i]) * values[i];
  }
  if (sum == 0 && zeros == Zeros::refused)
    throw DataError("a row of zeros, which has no direction: leave it out or embed it again", where);
  return std::sqrt(sum);
}

}  // namespace

double checked_norm(const float* values, std::int64_t width, const std::string& place, std::int64_t row,
                    Zeros zeros) {
  const float sum = square_sum(values, width);
  if (sum > 1e-30f && sum < 1e30f) return std::sqrt(static_cast<double>(sum));
  return examine(values, width, place, row, zeros);
}

ValueCheck check_rows(const RowTable& table, std::int64_t width, std::int64_t begin, std::int64_t end,
                      const std::function<void(std::int64_t)>& progress, Zeros zeros) {
  const std::int64_t step = std::max<std::int64_t>(1, (1 << 20) / table.width());  // 4 MB of floats
  const std::int64_t per_row = table.width() / width;
  std::vector<float> rows(static_cast<std::size_t>(step * table.width()));
  ValueCheck check;
  check.min_norm = HUGE_VAL;
  double sum = 0;
  for (std::int64_t first = begin; first < end; first += step) {
    const std::int64_t count = std::min(step, end - first);
    table.prefetch(first, count);
    table.read(first, count, rows.data());
    for (std::int64_t i = 0; i < count * per_row; ++i) {
      const double norm =
          checked_norm(rows.data() + i * width, width, table.array().place, first + i / per_row, zeros);
      sum += norm;
      check.min_norm = std::min(check.min_norm, norm);
      check.max_norm = std::max(check.max_norm, norm);
    }
    table.release(first, count);
    if (progress) progress(first + count);
  }
  check.mean_norm = sum / static_cast<double>((end - begin) * per_row);
  return check;
}

ValueCheck check_table(const RowTable& table, std::int64_t width, bool crc,
                       const std::function<void(std::int64_t)>& progress, Zeros zeros) {
  const ValueCheck check = check_rows(table, width, 0, table.rows(), progress, zeros);
  if (crc) table.array().bytes->check_crc();
  return check;
}

ValueCheck combine(const ValueCheck& a, std::int64_t count_a, const ValueCheck& b, std::int64_t count_b) {
  const double na = static_cast<double>(count_a), nb = static_cast<double>(count_b);
  if (count_a == 0) return b;
  return {(a.mean_norm * na + b.mean_norm * nb) / (na + nb), std::min(a.min_norm, b.min_norm),
          std::max(a.max_norm, b.max_norm)};
}

}  // namespace runner::data
