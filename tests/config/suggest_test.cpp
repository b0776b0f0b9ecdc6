#include <gtest/gtest.h>

#include "config/suggest.h"

#include "config/example_options.h"

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

TEST(Closest, TakesLettersInAnotherOrderBeforeOtherLetters) {
  EXPECT_EQ(closest("p6b_v32", {"p6b_v22", "p6b_v23", "p6b_v31"}), "p6b_v23");
}

TEST(ClosestKey, FindsKeysWithoutTheirGroupAndByOtherNames) {
  test::Example o;
  Binder binder;
  test::declare(binder, o);
  binder.find("optimizer.lr")->also_called({"learning_rate"});
  EXPECT_EQ(closest_key("epochs", binder), "train.epochs");
  EXPECT_EQ(closest_key("epoch", binder), "train.epochs");
  EXPECT_EQ(closest_key("train-epochs", binder), "train.epochs");
  EXPECT_EQ(closest_key("learning-rate", binder), "optimizer.lr");
  EXPECT_EQ(closest_key("lr_rate", binder), "optimizer.lr");
  EXPECT_EQ(closest_key("temperature", binder), "");
  EXPECT_EQ(named_key("epoch", binder), "");
}

}  // namespace
}  // namespace runner::config
