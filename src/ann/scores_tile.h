#pragma once
// Inside ann/ only: the forms for each vector unit, and how a tile of two rows and some queries is walked.

#include <algorithm>
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

constexpr std::int64_t most_tile_queries = 6;  // 2 rows x 6 queries: 12 sums in registers

// Where a tile's inputs and outputs lie.
struct Tile {
  const float* rows;     // one or two rows, `width` apart
  const float* queries;  // `width` apart
  std::int64_t width;
  float* out;  // [query, row], `stride` apart
  std::int64_t stride;
};

using TileFunction = void (*)(const Tile&);

// Walks all rows in pairs; `table[rows - 1][queries - 1]` does one tile.
inline void walk_tiles(const TileFunction (&table)[2][most_tile_queries], const float* rows,
                       std::int64_t count, const float* queries, std::int64_t n, std::int64_t width,
                       float* out) {
  for (std::int64_t r = 0; r < count; r += 2) {
    const std::int64_t pair = std::min<std::int64_t>(2, count - r);
    for (std::int64_t q = 0; q < n; q += most_tile_queries) {
      const std::int64_t some = std::min(most_tile_queries, n - q);
      table[pair - 1][some - 1]({rows + r * width, queries + q * width, width, out + q * count + r, count});
    }
  }
}

}  // namespace runner::ann
