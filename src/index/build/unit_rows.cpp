#include "index/build/unit_rows.h"

#include <atomic>
#include <cmath>
#include <string>

#include "base/error.h"
#include "data/formats/values.h"
#include "threads/team.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace runner::ann {

float squared_norm_plain(const float* row, std::int64_t width) {
  double sum = 0;
  for (std::int64_t i = 0; i < width; ++i) sum += static_cast<double>(row[i]) * row[i];
  return static_cast<float>(sum);
}

void scale_row_plain(float* row, std::int64_t width, float factor) {
  for (std::int64_t i = 0; i < width; ++i) row[i] *= factor;
}

namespace {

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) float squared_norm_avx2(const float* row, std::int64_t width) {
  __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
  std::int64_t i = 0;
  for (; i + 32 <= width; i += 32) {
    const __m256 p = _mm256_loadu_ps(row + i), q = _mm256_loadu_ps(row + i + 8),
                 r = _mm256_loadu_ps(row + i + 16), s = _mm256_loadu_ps(row + i + 24);
    a = _mm256_fmadd_ps(p, p, a);
    b = _mm256_fmadd_ps(q, q, b);
    c = _mm256_fmadd_ps(r, r, c);
    d = _mm256_fmadd_ps(s, s, d);
  }
  a = _mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d));
  float lanes[8];
  _mm256_storeu_ps(lanes, a);
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  for (; i < width; ++i) sum += row[i] * row[i];
  return sum;
}

__attribute__((target("avx2,fma"))) void scale_row_avx2(float* row, std::int64_t width, float factor) {
  const __m256 wide = _mm256_set1_ps(factor);
  std::int64_t i = 0;
  for (; i + 8 <= width; i += 8) _mm256_storeu_ps(row + i, _mm256_mul_ps(_mm256_loadu_ps(row + i), wide));
  for (; i < width; ++i) row[i] *= factor;
}

__attribute__((target("avx512f"))) float squared_norm_avx512(const float* row, std::int64_t width) {
  __m512 a = _mm512_setzero_ps(), b = a;
  std::int64_t i = 0;
  for (; i + 32 <= width; i += 32) {
    const __m512 p = _mm512_loadu_ps(row + i), q = _mm512_loadu_ps(row + i + 16);
    a = _mm512_fmadd_ps(p, p, a);
    b = _mm512_fmadd_ps(q, q, b);
  }
  // No _mm512_reduce_add_ps: GCC 12 warns about its own header (bug 105593).
  float lanes[16];
  _mm512_storeu_ps(lanes, _mm512_add_ps(a, b));
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  for (; i < width; ++i) sum += row[i] * row[i];
  return sum;
}

__attribute__((target("avx512f"))) void scale_row_avx512(float* row, std::int64_t width, float factor) {
  const __m512 wide = _mm512_set1_ps(factor);
  std::int64_t i = 0;
  for (; i + 16 <= width; i += 16) _mm512_storeu_ps(row + i, _mm512_mul_ps(_mm512_loadu_ps(row + i), wide));
  for (; i < width; ++i) row[i] *= factor;
}
#endif

struct Kernels {
  float (*squared_norm)(const float*, std::int64_t);
  void (*scale)(float*, std::int64_t, float);
};

Kernels choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return {squared_norm_avx512, scale_row_avx512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {squared_norm_avx2, scale_row_avx2};
#endif
  return {squared_norm_plain, scale_row_plain};
}

const Kernels kernels = choose();

// Squares of such rows could over- or underflow in float32: they are done in double precision.
constexpr float smallest_square = 1e-30F, greatest_square = 1e30F;

bool make_unit_row(float* row, std::int64_t width, bool normalize) {
  const float square = kernels.squared_norm(row, width);
  if (square > smallest_square && square < greatest_square) {
    if (normalize) kernels.scale(row, width, 1.0F / std::sqrt(square));
    return true;
  }
  double sum = 0;
  for (std::int64_t i = 0; i < width; ++i) sum += static_cast<double>(row[i]) * row[i];
  if (!std::isfinite(sum) || (sum == 0 && normalize)) return false;
  const double length = std::sqrt(sum);
  if (normalize)
    for (std::int64_t i = 0; i < width; ++i) row[i] = static_cast<float>(row[i] / length);
  return true;
}

}  // namespace

float squared_norm(const float* row, std::int64_t width) {
  return kernels.squared_norm(row, width);
}

void scale_row(float* row, std::int64_t width, float factor) {
  kernels.scale(row, width, factor);
}

std::int64_t make_unit_rows(float* rows, std::int64_t count, std::int64_t width, bool normalize) {
  for (std::int64_t i = 0; i < count; ++i)
    if (!make_unit_row(rows + i * width, width, normalize)) return i;
  return -1;
}

void make_unit_rows_parallel(float* rows, std::int64_t count, std::int64_t width, bool normalize,
                             const char* place, std::int64_t first_row) {
  std::atomic<std::int64_t> first_bad{count};
  team::run_chunks(count, 64, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    const std::int64_t place_of_bad = make_unit_rows(rows + begin * width, end - begin, width, normalize);
    if (place_of_bad < 0) return;
    std::int64_t known = first_bad;
    while (begin + place_of_bad < known && !first_bad.compare_exchange_weak(known, begin + place_of_bad)) {
    }
  });
  const std::int64_t bad = first_bad;
  if (bad == count) return;
  data::checked_norm(rows + bad * width, width, place, first_row + bad);  // throws: says what is wrong
  throw DataError("a value that float32 cannot hold",
                  place + std::string(", row ") + std::to_string(first_row + bad));
}

}  // namespace runner::ann
