#include "ranks/wire.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace runner::ranks {
namespace {

std::vector<float> made_values(int seed, std::size_t count) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

TEST(Wire, Bf16RoundsToTheNearestAndKeepsWhatIsNoNumber) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values{1.0f, 1.00390625f, 1.01171875f, -3.14159f,
                                  0.0f, infinity,    -infinity,   std::nanf("")};
  std::vector<std::uint16_t> sent(values.size());
  std::vector<float> back(values.size());
  encode(Wire::bf16, values.data(), 8, sent.data());
  decode(Wire::bf16, sent.data(), 8, back.data());
  EXPECT_EQ(back[0], 1.0f);
  EXPECT_EQ(back[1], 1.0f);       // a tie: to the even one
  EXPECT_EQ(back[2], 1.015625f);  // a tie: up
  EXPECT_NEAR(back[3], -3.14159f, 3.14159f / 256);
  EXPECT_EQ(back[5], infinity);
  EXPECT_EQ(back[6], -infinity);
  EXPECT_TRUE(std::isnan(back[7]));
}

TEST(Wire, SumsGoInTheOrderOfRanks) {
  constexpr std::int64_t count = 37, stride = 40;
  constexpr int ranks = 3;
  std::vector<float> parts(stride * ranks), expected(count), sum(count);
  for (int rank = 0; rank < ranks; ++rank) {
    const std::vector<float> values = made_values(rank, count);
    std::copy(values.begin(), values.end(), parts.begin() + rank * stride);
  }
  for (std::int64_t i = 0; i < count; ++i)
    expected[static_cast<std::size_t>(i)] =
        (parts[static_cast<std::size_t>(i)] + parts[static_cast<std::size_t>(stride + i)]) +
        parts[static_cast<std::size_t>(2 * stride + i)];
  sum_in_order(Wire::fp32, parts.data(), stride, ranks, count, sum.data());
  EXPECT_EQ(sum, expected);
}

TEST(Wire, SquareSum) {
  const std::vector<float> values = made_values(7, 1003);
  double expected = 0;
  for (const float value : values) expected += static_cast<double>(value) * value;
  EXPECT_NEAR(square_sum(values.data(), 1003), expected, 1e-9 * expected);
}

}  // namespace
}  // namespace runner::ranks
