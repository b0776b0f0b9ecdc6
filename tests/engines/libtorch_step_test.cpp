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

ModelSizes lstm_sizes() {
  ModelOptions o;
  o.type = ModelType::lstm;
  o.hidden = 24;
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

// The update makes one pass over flat buffers: the same as libtorch's clipping and AdamW, a model's
// parameters one by one. (Of an LSTM: the keys' biases of a transformer have gradients of rounding alone,
// which AdamW makes whole steps of.)
TEST(PlainStep, UpdatesAsLibtorchClipsAndSteps) {
  for (const double clip : {0.0, 0.05, 1e3}) {
    StepOptions o = options();
    o.clip_norm = clip;
    const auto ours = make_plain_step(make_model(lstm_sizes(), std::uint64_t{1}), o);
    const auto theirs = make_model(lstm_sizes(), std::uint64_t{1});
    torch::optim::AdamW adamw(theirs->parameters(),
                              torch::optim::AdamWOptions(1e-3).weight_decay(o.adamw.weight_decay));
    for (std::int64_t s = 1; s <= 5; ++s) {
      const StepInput batch = small_batch(s);
      const StepOutput step = ours->run(batch);
      theirs->train();
      torch::manual_seed(derived_seed(o.seed, 1, static_cast<std::uint64_t>(s)));
      adamw.zero_grad();
      compute_loss(o.loss, theirs->forward(batch.contexts), batch.contexts, batch.targets, 0, 1.0)
          .total.backward();
      const double norm = torch::nn::utils::clip_grad_norm_(theirs->parameters(), clip > 0 ? clip : 1e30);
      EXPECT_NEAR(step.gradient_norm, norm, 1e-5 * norm);
      adamw.step();
    }
    const auto wanted = theirs->parameters(), got = ours->model().parameters();
    for (std::size_t i = 0; i < wanted.size(); ++i)
      EXPECT_TRUE(torch::allclose(got[i], wanted[i], 1e-4, 1e-6))
          << "parameter " << i << ", clip_norm " << clip;
  }
}

TEST(DerivedSeed, DiffersByPurposeAndCounter) {
  EXPECT_NE(derived_seed(1, 1, 1), derived_seed(1, 2, 1));
  EXPECT_NE(derived_seed(1, 1, 1), derived_seed(1, 1, 2));
  EXPECT_NE(derived_seed(1, 1, 1), derived_seed(2, 1, 1));
  EXPECT_EQ(derived_seed(1, 1, 1), derived_seed(1, 1, 1));
}

}  // namespace
}  // namespace runner::lvm
