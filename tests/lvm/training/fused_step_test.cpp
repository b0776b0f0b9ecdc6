// The fused step against the plain one: same weights, same batches, every recipe, several updates.

#include <gtest/gtest.h>

#include "lvm/make_step.h"

namespace runner::lvm {
namespace {

ModelSizes sizes() {
  ModelOptions o;
  o.d_model = 64;
  o.heads = 4;
  o.layers = 3;
  o.dropout = 0;  // the two draw differently
  return model_sizes(o, 48);
}

StepInput batch(std::int64_t step) {
  torch::manual_seed(static_cast<std::uint64_t>(step));
  StepInput in;
  in.contexts = torch::nn::functional::normalize(torch::randn({9, 5, 48}),
                                                 torch::nn::functional::NormalizeFuncOptions().dim(2));
  in.targets = torch::nn::functional::normalize(torch::randn({9, 48}),
                                                torch::nn::functional::NormalizeFuncOptions().dim(1));
  in.step = step;
  in.lr = 1e-4;
  return in;
}

// The recipe with all its terms at work on any batch.
LossOptions whole_loss(const std::string& recipe) {
  LossOptions o;
  o.recipe = recipe;
  o.info_nce_weight = 0.1;
  if (recipe == "mse") return o;
  LossPhase phase;
  if (recipe == "p6b_v1") phase.margin = 0.05;
  if (recipe != "p6b_v23") phase.fraction = 0.1;
  if (recipe == "p6b_v23") phase.rho = 0.2, phase.rho_cap = 0.35;
  if (recipe != "p6b_v1") phase.margin_gap = 0.03, phase.margin_ratio = 0.05;
  o.phases = {phase};
  o.confidence_gate = false;
  o.skip_target = o.skip_prev = o.weak_target = o.weak_prev = -2;
  return o;
}

class FusedStep : public testing::TestWithParam<const char*> {};

TEST_P(FusedStep, EqualsThePlainStep) {
  StepOptions options;
  options.loss = complete(whole_loss(GetParam()));
  const auto plain = make_step("plain", make_model(sizes(), std::uint64_t{7}), options, 5, torch::kCPU);
  const auto fused = make_step("fused", make_model(sizes(), std::uint64_t{7}), options, 5, torch::kCPU);
  ASSERT_EQ(fused->engine(), "fused");
  ASSERT_TRUE(torch::equal(plain->state()[0].values, fused->state()[0].values));
  for (std::int64_t s = 1; s <= 6; ++s) {
    const StepOutput a = plain->run(batch(s)), b = fused->run(batch(s));
    const auto total = a.loss.total.item<double>();
    EXPECT_NEAR(total, b.loss.total.item<double>(), 1e-4 * std::abs(total)) << "step " << s;
    if (std::string(GetParam()) != "mse") {
      EXPECT_GT(a.loss.loss_dir.item<float>(), 0) << "the term has to be at work";
    }
    EXPECT_NEAR(a.gradient_norm, b.gradient_norm, 1e-4 * a.gradient_norm) << "step " << s;
  }
  // An update is lr / sqrt(v) times a gradient: where gradients are near zero, rounding decides their sign.
  const auto difference = (plain->state()[0].values - fused->state()[0].values).abs();
  EXPECT_LT(difference.mean().item<float>(), 1e-6f);
  EXPECT_LT(difference.max().item<float>(), 1e-3f);
  const auto x = batch(99).contexts;
  EXPECT_LT((plain->predict(x).raw - fused->predict(x).raw).abs().max().item<float>(), 1e-3f);
}

INSTANTIATE_TEST_SUITE_P(Recipes, FusedStep, testing::Values("mse", "p6b_v1", "p6b_v21", "p6b_v23"),
                         [](const auto& recipe) { return std::string(recipe.param); });

}  // namespace
}  // namespace runner::lvm
