#include <gtest/gtest.h>

#include "config/suggest.h"

namespace runner::config {
namespace {

TEST(Closest, FindsTyposAndSwaps) {
  const std::vector<std::string> keys = {"batch_size", "epochs", "seed"};
  EXPECT_EQ(closest("batch_sise", keys), "batch_size");
  EXPECT_EQ(closest("epohcs", keys), "epochs");
  EXPECT_EQ(closest("sede", keys), "seed");
}

TEST(Closest, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(closest("temperature", {"seed", "job"}), "");
}

}  // namespace
}  // namespace runner::config
