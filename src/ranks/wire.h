#pragma once
// Gradients as they travel between ranks, and their sum in the order of ranks.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/words.h"

namespace runner::ranks {

enum class Wire { fp32, bf16 };
inline std::vector<std::string> words_of(Wire) {
  return {"fp32", "bf16"};
}
inline std::size_t bytes_of(Wire wire) {
  return wire == Wire::fp32 ? 4 : 2;
}

// `count` values to `out`; bf16 rounds to the nearest, ties to even.
void encode(Wire wire, const float* values, std::int64_t count, void* out);
void decode(Wire wire, const void* in, std::int64_t count, float* values);

// sum[i] = parts[0][i] + parts[1][i] + …, in this order and in float32. `parts`: `ranks` blocks of `stride`
// encoded values each, one after the other; `count` of each are summed.
void sum_in_order(Wire wire, const void* parts, std::int64_t stride, int ranks, std::int64_t count,
                  float* sum);

// Sum of squares, in a fixed order.
double square_sum(const float* values, std::int64_t count);

}  // namespace runner::ranks
