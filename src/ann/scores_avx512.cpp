#include "ann/scores_tile.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace runner::ann {
namespace {

constexpr int lanes = 16;

template <bool distance, int R, int Q>
__attribute__((target("avx512f"))) void tile(const Tile& t) {
  __m512 sums[R][Q];
  for (int r = 0; r < R; ++r)
    for (int q = 0; q < Q; ++q) sums[r][q] = _mm512_setzero_ps();
  std::int64_t i = 0;
  for (; i + lanes <= t.width; i += lanes) {
    __m512 row[R];
    for (int r = 0; r < R; ++r) row[r] = _mm512_loadu_ps(t.rows + r * t.width + i);
    for (int q = 0; q < Q; ++q) {
      const __m512 query = _mm512_loadu_ps(t.queries + q * t.width + i);
      for (int r = 0; r < R; ++r) {
        if constexpr (distance) {
          const __m512 gap = _mm512_sub_ps(row[r], query);
          sums[r][q] = _mm512_fmadd_ps(gap, gap, sums[r][q]);
        } else {
          sums[r][q] = _mm512_fmadd_ps(row[r], query, sums[r][q]);
        }
      }
    }
  }
  for (int r = 0; r < R; ++r)
    for (int q = 0; q < Q; ++q) {
      float parts[lanes];
      _mm512_storeu_ps(parts, sums[r][q]);
      float sum = 0;
      for (const float part : parts) sum += part;
      for (std::int64_t rest = i; rest < t.width; ++rest) {
        const float a = load_float(t.rows + r * t.width + rest), b = t.queries[q * t.width + rest];
        sum += distance ? (a - b) * (a - b) : a * b;
      }
      t.out[q * t.stride + r] = sum;
    }
}

template <bool distance>
constexpr TileFunction tiles[2][most_tile_queries] = {
    {tile<distance, 1, 1>, tile<distance, 1, 2>, tile<distance, 1, 3>, tile<distance, 1, 4>,
     tile<distance, 1, 5>, tile<distance, 1, 6>},
    {tile<distance, 2, 1>, tile<distance, 2, 2>, tile<distance, 2, 3>, tile<distance, 2, 4>,
     tile<distance, 2, 5>, tile<distance, 2, 6>}};

}  // namespace

void inner_products_avx512(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                           std::int64_t width, float* out) {
  walk_tiles(tiles<false>, rows, count, queries, n, width, out);
}

void distances_avx512(const float* rows, std::int64_t count, const float* queries, std::int64_t n,
                      std::int64_t width, float* out) {
  walk_tiles(tiles<true>, rows, count, queries, n, width, out);
}

}  // namespace runner::ann
#endif
