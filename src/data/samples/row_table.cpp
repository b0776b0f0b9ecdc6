#include "data/samples/row_table.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "data/formats/convert.h"

namespace runner::data {

RowTable::RowTable(Array array, std::size_t rank) : array_(std::move(array)) {
  const NpyHeader& header = array_.header;
  if (!is_floating(header.dtype) || array_.rank() != rank)
    throw DataError(fmt::format("{} of shape {}; float16, float32 or float64 with {} dimensions is expected",
                                header.descr, header.shape_text(), rank),
                    array_.place);
  if (header.count == 0)
    throw DataError(fmt::format("shape {}: there is nothing in it", header.shape_text()), array_.place);
  rows_ = header.shape[0];
  width_ = static_cast<std::int64_t>(header.count) / rows_;
  row_bytes_ = static_cast<std::uint64_t>(width_) * item_size(header.dtype);
  if (header.fortran_order) allow_random_access();  // a row's elements lie far apart
}

void RowTable::allow_random_access() {
  array_.bytes = with_random_access(array_.bytes, array_.place);
}

void RowTable::read(std::int64_t first, std::int64_t count, float* out) const {
  if (count == 0) return;
  if (array_.header.fortran_order) return read_fortran(first, count, out);
  const std::uint64_t start = static_cast<std::uint64_t>(first) * row_bytes_;
  const auto elements = static_cast<std::size_t>(count * width_);
  if (const std::byte* mapped = array_.bytes->mapped())
    return convert(mapped + start, static_cast<std::uint64_t>(first * width_), elements, out);
  copy(start, elements, out);
}

void RowTable::pick(std::int64_t first, std::int64_t count, float* out) const {
  if (array_.header.fortran_order) return read_fortran(first, count, out);
  copy(static_cast<std::uint64_t>(first) * row_bytes_, static_cast<std::size_t>(count * width_), out);
}

void RowTable::copy(std::uint64_t start, std::size_t elements, float* out) const {
  if (array_.header.dtype == DType::f32) return array_.bytes->read(start, out, elements * sizeof(float));
  constexpr std::size_t piece = 1 << 15;  // elements
  const std::size_t size = item_size(array_.header.dtype);
  std::vector<std::byte> raw(std::min(piece, elements) * size);
  for (std::size_t at = 0; at < elements; at += piece) {
    const std::size_t n = std::min(piece, elements - at);
    array_.bytes->read(start + at * size, raw.data(), n * size);
    convert(raw.data(), start / size + at, n, out + at);
  }
}

void RowTable::convert(const std::byte* in, std::uint64_t place, std::size_t elements, float* out) const {
  to_float(array_.header.dtype, in, elements, out);
  if (array_.header.dtype != DType::f64) return;
  for (std::size_t i = 0; i < elements; ++i)
    if (std::isinf(out[i])) check_fits(in + 8 * i, place + i);
}

void RowTable::check_fits(const std::byte* in, std::uint64_t place) const {
  double value;
  std::memcpy(&value, in, sizeof value);
  if (!std::isfinite(value)) return;
  const auto width = static_cast<std::uint64_t>(width_);
  throw DataError(
      fmt::format("{:.6g} in column {} does not fit float32, which ends at 3.4e38; divide the vectors "
                  "by a number, or leave this row out",
                  value, place % width),
      fmt::format("{}, row {}", array_.place, place / width));
}

// Element (r, i₁, i₂, …) lies at r + rows·(i₁ + n₁·(i₂ + …)); a row's elements are wanted with the last index
// running fastest.
void RowTable::read_fortran(std::int64_t first, std::int64_t count, float* out) const {
  const NpyHeader& header = array_.header;
  const std::byte* mapped = array_.bytes->mapped();
  const std::size_t size = item_size(header.dtype);
  for (std::int64_t e = 0; e < width_; ++e) {
    std::int64_t rest = e, place = 0, stride = rows_;
    std::vector<std::int64_t> index(header.shape.size());
    for (std::size_t d = header.shape.size(); d-- > 1;) {
      index[d] = rest % header.shape[d];
      rest /= header.shape[d];
    }
    for (std::size_t d = 1; d < header.shape.size(); ++d) {
      place += index[d] * stride;
      stride *= header.shape[d];
    }
    for (std::int64_t r = 0; r < count; ++r) {
      const std::byte* element = mapped + static_cast<std::size_t>(place + first + r) * size;
      float& value = out[r * width_ + e] = to_float_scalar(header.dtype, element);
      if (header.dtype == DType::f64 && std::isinf(value))
        check_fits(element, static_cast<std::uint64_t>((first + r) * width_ + e));
    }
  }
}

void RowTable::prefetch(std::int64_t first, std::int64_t count) const {
  if (!array_.header.fortran_order)
    array_.bytes->prefetch(static_cast<std::uint64_t>(first) * row_bytes_,
                           static_cast<std::uint64_t>(count) * row_bytes_);
}

void RowTable::release(std::int64_t first, std::int64_t count) const {
  if (array_.header.fortran_order)
    array_.bytes->release(0, array_.bytes->size());
  else
    array_.bytes->release(static_cast<std::uint64_t>(first) * row_bytes_,
                          static_cast<std::uint64_t>(count) * row_bytes_);
}

}  // namespace runner::data
