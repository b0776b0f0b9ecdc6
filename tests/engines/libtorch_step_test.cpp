#include <gtest/gtest.h>

#include "engines/libtorch/libtorch_step.h"
#include "engines/step.h"

namespace runner::lvm {
namespace {

ModelSizes small_sizes() {
  ModelOptions o;
  o.d_model = 32;
  o.heads = 4;
  o.layers = 2;
  return model_sizes(o, 16);
}

StepInput small_batch(std::int64_t step) {
  torch::manual_seed(static_cast<std::uint64_t>(step));
  return {torch::randn({8, 5, 16}), torch::randn({8, 16}), 0, step, 1.0, 1e-3};
}

StepOptions options() {
  StepOptions o;
  o.loss = complete({});
  return o;
}

TEST(PlainStep, ParametersAreViewsOfTheFlatWeights) {
  const auto step = make_plain_step(make_model(small_sizes(), std::uint64_t{1}), options());
  const auto state = step->state();
  ASSERT_EQ(state.size(), 3u);
  std::int64_t at = 0;
  for (const auto& p : step->model().parameters()) {
    EXPECT_EQ(p.data_ptr<float>(), state[0].values.data_ptr<float>() + at);
    at += p.numel();
  }
  EXPECT_EQ(at, state[0].values.numel());
}

TEST(PlainStep, GoesOnBitForBitFromCopiedBuffers) {
  const auto straight = make_plain_step(make_model(small_sizes(), std::uint64_t{1}), options());
  for (std::int64_t s = 1; s <= 6; ++s) straight->run(small_batch(s));

  const auto first = make_plain_step(make_model(small_sizes(), std::uint64_t{1}), options());
  for (std::int64_t s = 1; s <= 3; ++s) first->run(small_batch(s));
  const auto second = make_plain_step(make_model(small_sizes(), std::uint64_t{99}), options());
  for (std::size_t i = 0; i < 3; ++i) second->state()[i].values.copy_(first->state()[i].values);
  second->state_changed(first->updates());
  for (std::int64_t s = 4; s <= 6; ++s) second->run(small_batch(s));
  EXPECT_TRUE(torch::equal(straight->state()[0].values, second->state()[0].values));
}

TEST(PlainStep, ABadBatchChangesNothing) {
  const auto step = make_plain_step(make_model(small_sizes(), std::uint64_t{1}), options());
  step->run(small_batch(1));
  const auto before = step->state()[0].values.clone();
  StepInput bad = small_batch(2);
  bad.targets[3][5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(step->run(bad).applied);
  EXPECT_TRUE(torch::equal(before, step->state()[0].values));
  EXPECT_EQ(step->updates(), 1);
}

TEST(DerivedSeed, DiffersByPurposeAndCounter) {
  EXPECT_NE(derived_seed(1, 1, 1), derived_seed(1, 2, 1));
  EXPECT_NE(derived_seed(1, 1, 1), derived_seed(1, 1, 2));
  EXPECT_NE(derived_seed(1, 1, 1), derived_seed(2, 1, 1));
  EXPECT_EQ(derived_seed(1, 1, 1), derived_seed(1, 1, 1));
}

}  // namespace
}  // namespace runner::lvm
