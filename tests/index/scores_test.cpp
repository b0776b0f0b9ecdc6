#include "index/exact_search/scores.h"

#include <gmock/gmock.h>

#include <cstring>

#include "index/build/unit_rows.h"
#include "index/exact_search/top_k.h"
#include "index/made_vectors.h"

namespace runner::ann {
namespace {

// Every form, at widths and counts that leave remainders, and at an odd address as in a mapped file.
class EveryUnit : public testing::TestWithParam<VectorUnit> {};

TEST_P(EveryUnit, GivesTheScoresOfThePlainForm) {
  for (const Metric metric : {Metric::inner_product, Metric::l2}) {
    const ScoreFunction function = score_function(metric, GetParam());
    if (function == nullptr) GTEST_SKIP() << "this CPU has no such unit";
    for (const std::int64_t width : {1, 7, 8, 33, 100, 768})
      for (const std::int64_t count : {1, 2, 5, 61})  // blocks at width 768 are of 24 rows
        for (const std::int64_t n : {1, 3, 4, 6, 7, 13, 19}) {
          const std::vector<float> rows = test::random_vectors(count, width),
                                   queries = test::random_vectors(n, width, 2);
          std::vector<char> odd(rows.size() * sizeof(float) + 1);
          std::memcpy(odd.data() + 1, rows.data(), rows.size() * sizeof(float));
          const void* address = odd.data() + 1;
          std::vector<float> scores(static_cast<std::size_t>(n * count)), expected(scores.size());
          function(static_cast<const float*>(address), count, queries.data(), n, width, scores.data());
          (metric == Metric::l2 ? distances_plain : inner_products_plain)(rows.data(), count, queries.data(),
                                                                          n, width, expected.data());
          for (std::size_t i = 0; i < scores.size(); ++i)
            ASSERT_NEAR(scores[i], expected[i], 1e-4 * std::max(1.0F, std::abs(expected[i])))
                << to_word(metric) << " width " << width << ", " << count << " rows, " << n << " queries";
        }
  }
}

INSTANTIATE_TEST_SUITE_P(Units, EveryUnit,
                         testing::Values(VectorUnit::plain, VectorUnit::avx2, VectorUnit::avx512),
                         [](const auto& info) {
                           return std::string(info.param == VectorUnit::plain  ? "Plain"
                                              : info.param == VectorUnit::avx2 ? "Avx2"
                                                                               : "Avx512");
                         });

TEST(UnitRows, AreTheRowsDividedByTheirLength) {
  for (const std::int64_t width : {1, 5, 8, 31, 768}) {
    std::vector<float> rows = test::random_vectors(3, width);
    const std::vector<float> before = rows;
    ASSERT_EQ(make_unit_rows(rows.data(), 3, width, true), -1);
    for (std::int64_t r = 0; r < 3; ++r) {
      const float length = std::sqrt(squared_norm_plain(before.data() + r * width, width));
      for (std::int64_t i = 0; i < width; ++i)
        EXPECT_NEAR(rows[static_cast<std::size_t>(r * width + i)],
                    before[static_cast<std::size_t>(r * width + i)] / length, 1e-6);
    }
  }
}

TEST(UnitRows, HoldForLengthsWhoseSquaresLeaveFloat32) {
  std::vector<float> rows = {3e25F, 4e25F, 3e-25F, 4e-25F};
  ASSERT_EQ(make_unit_rows(rows.data(), 2, 2, true), -1);
  for (const int at : {0, 2}) {
    EXPECT_NEAR(rows[static_cast<std::size_t>(at)], 0.6F, 1e-6);
    EXPECT_NEAR(rows[static_cast<std::size_t>(at) + 1], 0.8F, 1e-6);
  }
}

TEST(UnitRows, NameTheRowThatHasNoDirection) {
  std::vector<float> rows = {1, 2, 0, 0, NAN, 1};
  EXPECT_EQ(make_unit_rows(rows.data(), 3, 2, true), 1);
  EXPECT_EQ(make_unit_rows(rows.data() + 4, 1, 2, false), 0);
  EXPECT_THAT(
      test::error_of<DataError>([&] { make_unit_rows_parallel(rows.data(), 2, 2, true, "x.npz", 40); }),
      testing::HasSubstr("x.npz, row 41"));
}

TEST(TopK, FindsTheFirstScoreBeyondTheLimit) {
  std::vector<float> scores(200, 1.0F);
  for (const Metric metric : {Metric::inner_product, Metric::l2})
    for (const std::int64_t place : {0, 31, 32, 63, 100, 199, 200}) {
      std::vector<float> some = scores;
      if (place < 200) some[static_cast<std::size_t>(place)] = metric == Metric::l2 ? 0.5F : 1.5F;
      EXPECT_EQ(find_nearer(metric, some.data(), 200, 1.0F), place);
      EXPECT_EQ(find_nearer_plain(metric, some.data(), 200, 1.0F), place);
    }
}

TEST(TopK, PrefersTheLowerRowOfEqualScores) {
  TopK best(Metric::inner_product, 2);
  const std::vector<float> scores = {1, 5, 5, 5};
  best.offer(scores.data(), 4, 10);
  float found[2];
  std::int64_t rows[2];
  best.write(found, rows);
  EXPECT_EQ(rows[0], 11);
  EXPECT_EQ(rows[1], 12);
}

}  // namespace
}  // namespace runner::ann
