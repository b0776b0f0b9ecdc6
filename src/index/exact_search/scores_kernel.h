// Inside index/ only: scores for one vector unit. Each file that includes it has defined RUNNER_SCORES_UNIT
// (what the CPU must have) and, in runner::ann without a name outside: Floats, lanes, tile_rows, tile_queries
// and add_across.

#include <cstdint>
#include <utility>

#include "index/exact_search/scores_unit.h"

namespace runner::ann {
namespace {

constexpr std::int64_t block_bytes = 72 << 10;

typedef float LooseFloats __attribute__((vector_size(lanes * sizeof(float)), aligned(1), may_alias));

// Where a tile's inputs and outputs lie.
struct Tile {
  const float* rows;     // `width` apart
  const float* queries;  // `width` apart
  std::int64_t width;
  float* out;  // [query, row], `stride` apart
  std::int64_t stride;
  const char* ahead;        // what to bring into the second-level cache meanwhile,
  std::int64_t ahead_step;  // for each 32 bytes of the width
};

template <bool distance, int R, int Q>
__attribute__((target(RUNNER_SCORES_UNIT))) void tile(const Tile& t) {
  Floats sums[R][Q];
  for (int r = 0; r < R; ++r)
    for (int q = 0; q < Q; ++q) sums[r][q] = Floats{};
  const char* ahead = t.ahead;
  std::int64_t i = 0;
  for (; i + lanes <= t.width; i += lanes) {
    for (int half = 0; half < lanes / 8; ++half, ahead += t.ahead_step) __builtin_prefetch(ahead, 0, 2);
    Floats row[R];
    for (int r = 0; r < R; ++r) row[r] = *reinterpret_cast<const LooseFloats*>(t.rows + r * t.width + i);
    for (int q = 0; q < Q; ++q) {
      const Floats query = *reinterpret_cast<const LooseFloats*>(t.queries + q * t.width + i);
      for (int r = 0; r < R; ++r) {
        if constexpr (distance) {
          const Floats gap = row[r] - query;
          sums[r][q] += gap * gap;
        } else {
          sums[r][q] += row[r] * query;
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < Q; ++q)
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      float sum = add_across(sums[r][q]);
      for (std::int64_t rest = i; rest < t.width; ++rest) {
        const float a = load_float(t.rows + r * t.width + rest), b = t.queries[q * t.width + rest];
        sum += distance ? (a - b) * (a - b) : a * b;
      }
      t.out[q * t.stride + r] = sum;
    }
}

using TileFunction = void (*)(const Tile&);

template <bool distance, int R, int... Q>
TileFunction pick(std::int64_t queries, std::integer_sequence<int, Q...>) {
  static constexpr TileFunction of_queries[] = {tile<distance, R, Q + 1>...};
  return of_queries[queries - 1];
}

template <bool distance, int R>
TileFunction pick(std::int64_t queries) {
  return pick<distance, R>(queries, std::make_integer_sequence<int, tile_queries>());
}

// Blocks of rows that stay in the second-level cache while some queries after the other meet them; during
// each of these turns a share of the next block is fetched, so that the memory never rests.
template <bool distance>
void walk(const float* rows, std::int64_t count, const float* queries, std::int64_t n, std::int64_t width,
          float* out) {
  const std::int64_t turns = (n + tile_queries - 1) / tile_queries;
  // Rows of a tile: of the next block 32 bytes a row, over the turns, are due at each fetch, which brings 64.
  const std::int64_t together = turns > 1 ? tile_rows : 2, bytes = width * sizeof(float);
  std::int64_t block = block_bytes / bytes / together * together;
  if (block < together) block = together;
  for (std::int64_t first = 0; first < count; first += block) {
    const std::int64_t end = count - first < block ? count : first + block;
    for (std::int64_t turn = 0; turn < turns; ++turn) {
      const std::int64_t q = turn * n / turns, some = (turn + 1) * n / turns - q;
      const TileFunction several = turns > 1 ? pick<distance, tile_rows>(some) : pick<distance, 2>(some);
      const TileFunction one = pick<distance, 1>(some);
      for (std::int64_t r = first; r < end;) {
        const std::int64_t step = end - r < together ? 1 : together;
        const char* here = reinterpret_cast<const char*>(rows + r * width);
        const char* ahead =
            r + block + step <= count ? here + block * bytes + turn * step * bytes / turns : here;
        (step == 1 ? one : several)({rows + r * width, queries + q * width, width, out + q * count + r, count,
                                     ahead, step * 32 / turns});
        r += step;
      }
    }
  }
}

}  // namespace
}  // namespace runner::ann
