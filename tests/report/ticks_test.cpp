#include "report/ticks.h"

#include <gmock/gmock.h>

namespace runner::report {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::Pointwise;

void expect_ticks(const std::vector<double>& ticks, const std::vector<double>& expected) {
  EXPECT_THAT(ticks, Pointwise(DoubleNear(1e-12), expected));
}

TEST(Ticks, AreRoundAndEnclose) {
  expect_ticks(linear_ticks(0.72, 0.91, 5), {0.7, 0.75, 0.8, 0.85, 0.9, 0.95});
  expect_ticks(linear_ticks(1, 12, 7), {0, 2, 4, 6, 8, 10, 12});
  expect_ticks(linear_ticks(-0.03, 0.02, 5), {-0.04, -0.02, 0, 0.02});
  expect_ticks(linear_ticks(0, 3800, 7), {0, 1000, 2000, 3000, 4000});
}

TEST(Ticks, OfEqualEndsAreStillTwo) {
  for (const double value : {0.0, 1.0, -5.0, 1e-30, 1e30}) {
    const auto ticks = linear_ticks(value, value + std::abs(value) * 1e-16, 5);
    ASSERT_GE(ticks.size(), 1U) << value;
    EXPECT_LT(ticks.size(), 20U) << value;
  }
}

TEST(Ticks, OfALogarithmicAxisFollowItsDecades) {
  expect_ticks(log_ticks(0.013, 0.4, 5), {0.01, 0.02, 0.05, 0.1, 0.2, 0.5});
  expect_ticks(log_ticks(1e-6, 1, 5), {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1});
}

TEST(Ticks, OfANarrowLogarithmicAxisAreLinear) {
  expect_ticks(log_ticks(0.21, 0.24, 4), {0.21, 0.22, 0.23, 0.24});
}

TEST(Ticks, HaveLabelsThatTellThemApart) {
  EXPECT_THAT(tick_labels({0.7, 0.75, 0.8}), ElementsAre("0.70", "0.75", "0.80"));
  EXPECT_THAT(tick_labels({0, 1000, 2000}), ElementsAre("0", "1000", "2000"));
  EXPECT_THAT(tick_labels({0, 1e-5, 2e-5}), ElementsAre("0", "1e-05", "2e-05"));
  EXPECT_THAT(tick_labels({0.05, 0.1, 0.2, 0.5}), ElementsAre("0.05", "0.1", "0.2", "0.5"));
}

}  // namespace
}  // namespace runner::report
