#include "base/live_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rate.h"
#include "base/utf8.h"

namespace runner::test {
namespace {

std::vector<LinePart> training_line() {
  return {{"epoch 3/12", 100}, {"", 4, 0.5},      {"50 %", 99},         {"1207/2414 samples", 6},
          {"412/s", 5},        {"4:05 left", 98}, {"loss 0.002506", 7}, {"cosine 0.4120", 2}};
}

TEST(TheLiveLineFits, EveryWidth) {
  for (std::size_t width = 1; width <= 200; ++width) EXPECT_LE(columns(fit(training_line(), width)), width);
}

TEST(TheLiveLineFits, ByDroppingPartsInAFixedOrder) {
  EXPECT_EQ(
      fit(training_line(), 200),
      "epoch 3/12 [============>...........]  50 %  1207/2414 samples  412/s  4:05 left  loss 0.002506  "
      "cosine 0.4120");
  const std::vector<std::string> order = {"cosine", "[", "/s", "samples", "loss", "left", "%"};
  std::size_t gone = 0;
  for (std::size_t width = 110; width >= 10; --width) {
    const std::string line = fit(training_line(), width);
    while (gone < order.size() && line.find(order[gone]) == std::string::npos) ++gone;
    for (std::size_t i = gone; i < order.size(); ++i)
      EXPECT_NE(line.find(order[i]), std::string::npos) << width << ": " << line;
  }
  EXPECT_EQ(gone, order.size());
  EXPECT_EQ(fit(training_line(), 10), "epoch 3/12");
  EXPECT_EQ(fit(training_line(), 7), "epoch 3");
}

TEST(TheLiveLineFits, ByCharactersNotBytes) {
  EXPECT_EQ(fit({{"größer", 1}}, 3), "grö");
  EXPECT_EQ(fit({{"5 × 768", 1}}, 7), "5 × 768");
}

TEST(TheSlidingRate, IsSilentForTheFirstSecondsAndForgetsAnEarlierPace) {
  SlidingRate rate;
  EXPECT_FALSE(rate.per_second());
  rate.add(0, 0);
  rate.add(2, 20);
  EXPECT_FALSE(rate.per_second());
  for (int second = 3; second <= 60; ++second) rate.add(second, 10 * second);
  EXPECT_NEAR(*rate.per_second(), 10, 1e-9);
  for (int second = 61; second <= 120; ++second) rate.add(second, 600 + 2 * (second - 60));
  EXPECT_NEAR(*rate.per_second(), 2, 1e-9);
}

TEST(TheSlidingRate, CountsNoPause) {
  SlidingRate rate;
  for (int second = 0; second <= 10; ++second) rate.add(second, 5 * second);
  rate.skip(100);
  for (int second = 111; second <= 115; ++second) rate.add(second, 50 + 5 * (second - 110));
  EXPECT_NEAR(*rate.per_second(), 5, 1e-9);
}

// A thousand calls a second keep a window of seconds, and no more points than that takes.
TEST(TheSlidingRate, IsThatOfManyCalls) {
  SlidingRate rate;
  for (int call = 0; call <= 60'000; ++call) rate.add(call / 1000.0, call);
  EXPECT_NEAR(*rate.per_second(), 1000, 1);
}

}  // namespace
}  // namespace runner::test
