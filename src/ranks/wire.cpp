#include "ranks/wire.h"

#include <bit>
#include <cstring>

namespace runner::ranks {
namespace {

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1u);
  // Rounding must not make an infinity of what is no number.
  const bool number = (bits & 0x7fffffffu) <= 0x7f800000u;
  return static_cast<std::uint16_t>(number ? rounded >> 16 : bits >> 16 | 0x40u);
}

float from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

}  // namespace

void encode(Wire wire, const float* values, std::int64_t count, void* out) {
  if (wire == Wire::fp32) {
    if (count > 0) std::memcpy(out, values, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  auto* to = static_cast<std::uint16_t*>(out);
  for (std::int64_t i = 0; i < count; ++i) to[i] = to_bf16(values[i]);
}

void decode(Wire wire, const void* in, std::int64_t count, float* values) {
  if (wire == Wire::fp32) {
    if (count > 0) std::memcpy(values, in, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  const auto* from = static_cast<const std::uint16_t*>(in);
  for (std::int64_t i = 0; i < count; ++i) values[i] = from_bf16(from[i]);
}

void sum_in_order(Wire wire, const void* parts, std::int64_t stride, int ranks, std::int64_t count,
                  float* sum) {
  const auto* bytes = static_cast<const unsigned char*>(parts);
  const std::size_t block = static_cast<std::size_t>(stride) * bytes_of(wire);
  decode(wire, bytes, count, sum);
  for (int rank = 1; rank < ranks; ++rank) {
    const unsigned char* part = bytes + static_cast<std::size_t>(rank) * block;
    if (wire == Wire::fp32) {
      const auto* values = reinterpret_cast<const float*>(part);
      for (std::int64_t i = 0; i < count; ++i) sum[i] += values[i];
    } else {
      const auto* values = reinterpret_cast<const std::uint16_t*>(part);
      for (std::int64_t i = 0; i < count; ++i) sum[i] += from_bf16(values[i]);
    }
  }
}

double square_sum(const float* values, std::int64_t count) {
  constexpr int lanes = 16;
  double sums[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int l = 0; l < lanes; ++l) sums[l] += static_cast<double>(values[i + l]) * values[i + l];
  for (; i < count; ++i) sums[0] += static_cast<double>(values[i]) * values[i];
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace runner::ranks
