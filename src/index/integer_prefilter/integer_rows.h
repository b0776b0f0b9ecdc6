#pragma once
// Inside index/ only: vectors rounded to small integers, whose products bound the exact scores from both
// sides at a multiple of sgemm's speed. A vector x becomes integers X with x ≈ X · step, and |x - X · step|
// ("error") is known, so that for a query q and a row r
//   |q·r - step_q · step_r · (Q·R)|  <=  error_q · norm_r + norm_q · error_r      (Cauchy-Schwarz)

#include <cstdint>
#include <vector>

namespace runner::ann {

struct NarrowFacts {
  float step = 0;   // value of one unit
  float norm = 0;   // not less than the length of the vector, nor of its rounded form
  float error = 0;  // not less than the length of what rounding changed
};

// Words of 4 bytes hold 2 values of 16 bits, or 4 of 8. Rows lie in groups, word by word: a register holds
// one word of each row of a group, and a query's word is broadcast, so that sums need no adding across.
struct NarrowUnit {
  std::int64_t group;  // rows in a group
  int values_a_word;   // 2 or 4
  int chunk;           // words come in multiples of it; above 1 their products are added in 16 bits
  // out[q * groups * group + r] = Q·R. rows [groups, words, group] with an even number of groups, queries
  // [n, words + 1] (the last word is subtracted: the rows' 8-bit values are stored plus 128).
  void (*multiply)(const std::int32_t* rows, std::int64_t groups, const std::int32_t* queries, std::int64_t n,
                   std::int64_t words, std::int32_t* out);

  std::int64_t words(std::int64_t width) const {
    const std::int64_t values = static_cast<std::int64_t>(values_a_word) * chunk;
    return (width + values - 1) / values * chunk;
  }
};

constexpr std::int64_t widest_narrow = 65536;  // sums stay within 32 bits

// Those that this CPU has, the fastest first, the finest last; none when it has none.
const std::vector<const NarrowUnit*>& narrow_units();

extern const NarrowUnit narrow_avx2, narrow_avx2_bytes, narrow_vnni;

// One vector's words, `stride` apart. `row`: as the rows' side of a product. False, with nothing written,
// when its length is not a number, or so great or small that float32 cannot do the arithmetic.
bool pack_narrow(const NarrowUnit& unit, const float* vector, std::int64_t width, bool row,
                 std::int32_t* words, std::int64_t stride, NarrowFacts& facts);

// The places of `count` scores where step · step_r[i] · product[i] - minus[i] >= limit, appended to `found`.
void find_not_below(const std::int32_t* products, const float* steps, const float* minus, std::int64_t count,
                    float step, float limit, std::vector<std::int32_t>& found);

}  // namespace runner::ann
