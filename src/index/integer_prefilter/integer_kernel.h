// Inside index/ only: how the rows and queries of one narrow unit are walked. Each file that includes it has
// defined, in runner::ann without a name outside, `lanes`, `most_queries` and
//   template <int Q> void tile(rows, queries, words, out, stride): 2 groups of rows times Q queries.

#include <cstdint>
#include <utility>

namespace runner::ann {
namespace {

template <int... Q>
void walk_tiles(const std::int32_t* rows, std::int64_t groups, const std::int32_t* queries, std::int64_t n,
                std::int64_t words, std::int32_t* out, std::integer_sequence<int, Q...>) {
  static constexpr decltype(&tile<1>) tiles[] = {tile<Q + 1>...};
  const std::int64_t stride = groups * lanes;
  for (std::int64_t q = 0; q < n; q += most_queries) {
    const std::int64_t some = n - q < most_queries ? n - q : most_queries;
    for (std::int64_t g = 0; g < groups; g += 2)
      tiles[some - 1](rows + g * words * lanes, queries + q * (words + 1), words,
                      out + q * stride + g * lanes, stride);
  }
}

void multiply(const std::int32_t* rows, std::int64_t groups, const std::int32_t* queries, std::int64_t n,
              std::int64_t words, std::int32_t* out) {
  walk_tiles(rows, groups, queries, n, words, out, std::make_integer_sequence<int, most_queries>());
}

}  // namespace
}  // namespace runner::ann
