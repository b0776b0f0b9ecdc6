#include "index/integer_prefilter/integer_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "index/exact_search/scores_unit.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace runner::ann {

#if defined(__x86_64__)

namespace {

// Products of 16-bit values: |Q·R| <= longest² < 2^31, whatever the width.
constexpr float longest = 46000, greatest16 = 32000, greatest8 = 127;
constexpr float upward = 1.001F;  // covers the rounding of the sums that facts are made of

struct Sums {
  float square = 0, greatest = 0;
};

__attribute__((target("avx2,fma"))) float add_across(__m256 sums) {
  float parts[8], sum = 0;
  _mm256_storeu_ps(parts, sums);
  for (const float part : parts) sum += part;
  return sum;
}

__attribute__((target("avx2,fma"))) Sums measure(const float* vector, std::int64_t width) {
  __m256 squares = _mm256_setzero_ps(), most = _mm256_setzero_ps();
  const __m256 sign = _mm256_set1_ps(-0.0F);
  std::int64_t i = 0;
  for (; i + 8 <= width; i += 8) {
    const __m256 x = _mm256_loadu_ps(vector + i);
    squares = _mm256_fmadd_ps(x, x, squares);
    most = _mm256_max_ps(most, _mm256_andnot_ps(sign, x));
  }
  float parts[8];
  _mm256_storeu_ps(parts, most);
  Sums sums{add_across(squares), *std::max_element(parts, parts + 8)};
  for (; i < width; ++i) {
    const float x = load_float(vector + i);
    sums.square += x * x;
    sums.greatest = std::max(sums.greatest, std::abs(x));
  }
  return sums;
}

// Rounds vector · scale to integers; returns the sum of the squares of what that changed, in units.
__attribute__((target("avx2,fma"))) float round_all(const float* vector, std::int64_t width, float scale,
                                                    std::int16_t* out) {
  const __m256 factor = _mm256_set1_ps(scale);
  __m256 changed = _mm256_setzero_ps();
  std::int64_t i = 0;
  for (; i + 8 <= width; i += 8) {
    const __m256 x = _mm256_loadu_ps(vector + i);
    const __m256i units = _mm256_cvtps_epi32(_mm256_mul_ps(x, factor));
    const __m256 rest = _mm256_fmsub_ps(x, factor, _mm256_cvtepi32_ps(units));
    changed = _mm256_fmadd_ps(rest, rest, changed);
    const __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(units), _mm256_extracti128_si256(units, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), half);
  }
  float sum = add_across(changed);
  for (; i < width; ++i) {
    const float x = load_float(vector + i) * scale, unit = std::nearbyint(x);
    out[i] = static_cast<std::int16_t>(unit);
    sum += (x - unit) * (x - unit);
  }
  return sum;
}

// Of each chunk of a query the sums of what meets in one place of 16 bits, those of one sign: the greatest.
float greatest_place(const float* vector, std::int64_t width, std::int64_t chunk_values) {
  float greatest = 0;
  for (std::int64_t first = 0; first < width; first += chunk_values) {
    float above[2] = {}, below[2] = {};
    for (std::int64_t i = first; i < std::min(width, first + chunk_values); ++i) {
      const float x = load_float(vector + i);
      above[i / 2 % 2] += std::max(x, 0.0F);
      below[i / 2 % 2] -= std::min(x, 0.0F);
    }
    greatest = std::max({greatest, above[0], above[1], below[0], below[1]});
  }
  return greatest;
}

// How many units the values of this vector are made of; it is not zero.
float find_scale(const NarrowUnit& unit, const float* vector, std::int64_t width, bool row, float norm,
                 float greatest) {
  if (unit.values_a_word == 2) return std::min(longest / norm, greatest16 / greatest);
  const float scale = greatest8 / greatest;
  if (row || unit.chunk == 1) return scale;
  // The rows' bytes are up to 255, and 255 · 128 < 2^15; rounding adds up to 1/2 to each of a place's values.
  const int values = unit.chunk * unit.values_a_word;
  return std::min(scale, (128 - static_cast<float>(values) / 4) / greatest_place(vector, width, values));
}

void store_words(const NarrowUnit& unit, const std::int16_t* values, std::int64_t words, bool row,
                 std::int32_t* out, std::int64_t stride) {
  if (unit.values_a_word == 2) {
    for (std::int64_t w = 0; w < words; ++w) std::memcpy(out + w * stride, values + 2 * w, 4);
    return;
  }
  thread_local std::vector<std::uint8_t> bytes;
  bytes.resize(static_cast<std::size_t>(4 * words));
  std::uint8_t* to = bytes.data();
  const int add = row ? 128 : 0;
  for (std::int64_t i = 0; i < 4 * words; ++i) to[i] = static_cast<std::uint8_t>(values[i] + add);
  for (std::int64_t w = 0; w < words; ++w) std::memcpy(out + w * stride, to + 4 * w, 4);
  if (row) return;
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < 4 * words; ++i) sum += values[i];
  out[words * stride] = 128 * sum;
}

}  // namespace

bool pack_narrow(const NarrowUnit& unit, const float* vector, std::int64_t width, bool row,
                 std::int32_t* words, std::int64_t stride, NarrowFacts& facts) {
  const Sums sums = measure(vector, width);
  const bool zero = sums.square == 0 && sums.greatest == 0;
  if (!zero && !(sums.square > 1e-12F && sums.square < 1e12F)) return false;  // NaN too
  const float norm = std::sqrt(sums.square) * upward;
  const float scale = zero ? 1 : find_scale(unit, vector, width, row, norm, sums.greatest);
  const std::int64_t count = unit.words(width);
  thread_local std::vector<std::int16_t> values;
  values.assign(static_cast<std::size_t>(count * unit.values_a_word), 0);
  const float changed = round_all(vector, width, scale, values.data());
  facts.step = 1 / scale;
  facts.error = std::sqrt(changed) / scale * upward;
  facts.norm = norm + facts.error;
  if (!row) words[count * stride] = 0;
  store_words(unit, values.data(), count, row, words, stride);
  return true;
}

__attribute__((target("avx2,fma"))) void find_not_below(const std::int32_t* products, const float* steps,
                                                        const float* minus, std::int64_t count, float step,
                                                        float limit, std::vector<std::int32_t>& found) {
  const __m256 wide_step = _mm256_set1_ps(step), wide_limit = _mm256_set1_ps(limit);
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256 product =
        _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(products + i)));
    const __m256 value = _mm256_fmsub_ps(_mm256_mul_ps(product, _mm256_loadu_ps(steps + i)), wide_step,
                                         _mm256_loadu_ps(minus + i));
    auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(value, wide_limit, _CMP_GE_OQ)));
    for (; mask != 0; mask &= mask - 1) found.push_back(static_cast<std::int32_t>(i) + __builtin_ctz(mask));
  }
  for (; i < count; ++i)
    if (static_cast<float>(products[i]) * steps[i] * step - minus[i] >= limit)
      found.push_back(static_cast<std::int32_t>(i));
}

std::vector<const NarrowUnit*> units_here() {
  std::vector<const NarrowUnit*> units;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return units;
  const bool vnni = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw");
  if (vnni) units.push_back(&narrow_vnni);
  units.insert(units.end(), {&narrow_avx2_bytes, &narrow_avx2});
  return units;
}

#else

bool pack_narrow(const NarrowUnit&, const float*, std::int64_t, bool, std::int32_t*, std::int64_t,
                 NarrowFacts&) {
  return false;
}
void find_not_below(const std::int32_t*, const float*, const float*, std::int64_t, float, float,
                    std::vector<std::int32_t>&) {}
std::vector<const NarrowUnit*> units_here() {
  return {};
}

#endif

const std::vector<const NarrowUnit*>& narrow_units() {
  static const std::vector<const NarrowUnit*> units = units_here();
  return units;
}

}  // namespace runner::ann
