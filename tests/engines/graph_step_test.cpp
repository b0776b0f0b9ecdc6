// The step on a CUDA device: the plain step's figures, the same bits from the same state, batches of the
// data.

#include <gtest/gtest.h>

#include "engines/make_step.h"

namespace runner::lvm {
namespace {

#define NEEDS_CUDA() \
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device that this libtorch can use"

std::unique_ptr<TrainingStep> step_on(EngineChoice engine, const torch::Device& device, double dropout,
                                      bool bf16, const std::string& recipe,
                                      const std::string& residual = "none") {
  ModelOptions model_options;
  model_options.residual = from_word<ResidualKind>(residual).value();
  model_options.d_model = 64;
  model_options.heads = 4;
  model_options.layers = 3;
  model_options.dropout = dropout;
  const auto model = make_model(model_sizes(model_options, 48, 5), std::uint64_t{7});
  model->set_compute({false, bf16});
  model->to(device);
  StepOptions options;
  options.loss.recipe = from_word<Recipe>(recipe).value();
  if (recipe == "p6b_v23") {
    LossPhase phase;
    phase.rho = 0.2, phase.rho_cap = 0.35, phase.margin_gap = 0.03, phase.margin_ratio = 0.05;
    options.loss.phases = {phase};
    options.loss.confidence_gate = false;
    options.loss.skip_target = options.loss.weak_target = options.loss.weak_prev = -2;
  }
  options.loss = complete(options.loss);
  return make_step(engine, model, options, 5, device);
}

StepInput batch(std::int64_t step, const torch::Device& device) {
  const auto unit = [](const torch::Tensor& x) { return x / x.norm(2, -1, true); };
  torch::manual_seed(static_cast<std::uint64_t>(step));
  StepInput in;
  in.contexts = unit(torch::randn({9, 5, 48})).to(device);
  in.targets = unit(torch::randn({9, 48})).to(device);
  in.step = step;
  in.lr = 1e-4;
  return in;
}

// A recipe and a residual.
class GraphStep : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(GraphStep, EqualsThePlainStepOnTheCpu) {
  NEEDS_CUDA();
  const auto [recipe, residual] = GetParam();
  const auto plain = step_on(EngineChoice::plain, torch::kCPU, 0, false, recipe, residual);
  const auto graph = step_on(EngineChoice::fused, torch::kCUDA, 0, false, recipe, residual);
  for (std::int64_t s = 1; s <= 6; ++s) {
    const StepOutput a = plain->run(batch(s, torch::kCPU)), b = graph->run(batch(s, torch::kCUDA));
    const auto total = a.loss.total.item<double>();
    EXPECT_NEAR(total, b.loss.total.item<double>(), 1e-4 * std::abs(total)) << "step " << s;
    EXPECT_NEAR(a.loss.cosine.item<double>(), b.loss.cosine.item<double>(), 1e-4) << "step " << s;
    EXPECT_NEAR(a.gradient_norm, b.gradient_norm, 1e-4 * a.gradient_norm) << "step " << s;
    EXPECT_TRUE(b.applied);
  }
  EXPECT_EQ(graph->updates(), 6);
  const auto difference = (plain->state()[0].values - graph->state()[0].values.cpu()).abs();
  EXPECT_LT(difference.mean().item<float>(), 1e-6f);
  const auto x = batch(99, torch::kCPU).contexts;
  EXPECT_LT((plain->predict(x).raw - graph->predict(x.to(torch::kCUDA)).raw.cpu()).abs().max().item<float>(),
            1e-3f);
}

INSTANTIATE_TEST_SUITE_P(Recipes, GraphStep,
                         testing::Values(std::tuple{"mse", "none"}, std::tuple{"p6b_v23", "none"},
                                         std::tuple{"cosine", "last"}, std::tuple{"mse", "mean"},
                                         std::tuple{"cosine", "learned"}, std::tuple{"p6b_v23", "learned"}),
                         [](const auto& p) {
                           return std::string(std::get<0>(p.param)) + "_" + std::get<1>(p.param);
                         });

// With dropout and in bf16: a step that takes over another's state goes on with the same bits.
TEST(GraphStepState, GoesOnBitForBit) {
  NEEDS_CUDA();
  const auto whole = step_on(EngineChoice::fitting, torch::kCUDA, 0.1, true, "p6b_v23");
  for (std::int64_t s = 1; s <= 3; ++s) whole->run(batch(s, torch::kCUDA));
  const auto rest = step_on(EngineChoice::fitting, torch::kCUDA, 0.1, true, "p6b_v23");
  for (std::size_t i = 0; i < 3; ++i) {
    const torch::NoGradGuard no_grad;
    rest->state()[i].values.copy_(whole->state()[i].values);
  }
  rest->state_changed(whole->updates());
  for (std::int64_t s = 4; s <= 6; ++s) {
    whole->run(batch(s, torch::kCUDA));
    rest->run(batch(s, torch::kCUDA));
  }
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(torch::equal(whole->state()[i].values, rest->state()[i].values)) << whole->state()[i].name;
}

TEST(GraphStepHealth, ChangesNothingWhenTheLossIsNotFinite) {
  NEEDS_CUDA();
  const auto step = step_on(EngineChoice::fitting, torch::kCUDA, 0.1, false, "mse");
  step->run(batch(1, torch::kCUDA));
  const torch::Tensor before = step->state()[0].values.clone();
  StepInput bad = batch(2, torch::kCUDA);
  bad.targets[3][5] = std::numeric_limits<float>::infinity();
  const StepOutput out = step->run(bad);
  EXPECT_FALSE(out.applied);
  EXPECT_FALSE(std::isfinite(out.loss.loss_mse.item<double>()));
  EXPECT_EQ(step->updates(), 1);
  EXPECT_TRUE(torch::equal(before, step->state()[0].values));
}

}  // namespace
}  // namespace runner::lvm
