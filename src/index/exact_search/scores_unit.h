#pragma once
// Inside index/ only: the forms for each vector unit.

#include <cstdint>
#include <cstring>

namespace runner::ann {

// A float at any alignment.
inline float load_float(const float* at) {
  float value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

void inner_products_avx2(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                         std::int64_t width, float* out);
void distances_avx2(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                    std::int64_t width, float* out);
void inner_products_avx512(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                           std::int64_t width, float* out);
void distances_avx512(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                      std::int64_t width, float* out);

}  // namespace runner::ann
