// The step on a CUDA device: the plain step's figures, the same bits from the same state, batches of the
// data.

#include <gtest/gtest.h>

#include "cuda_kernels/functions.h"
#include "engines/make_step.h"

namespace runner::lvm {
namespace {

#define NEEDS_CUDA() \
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device that this libtorch can use"

std::unique_ptr<TrainingStep> step_on(EngineChoice engine, const torch::Device& device, double dropout,
                                      bool bf16, const std::string& recipe,
                                      const std::string& residual = "none", std::int64_t piece_rows = 0) {
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
  options.piece_rows = piece_rows;
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

// Dropout is drawn by step, place and row: by either engine, and in whatever pieces.
TEST(GraphStepDraws, AreThoseOfThePlainStepAndOfPieces) {
  NEEDS_CUDA();
  const auto plain = step_on(EngineChoice::plain, torch::kCUDA, 0.1, false, "p6b_v23");
  const auto whole = step_on(EngineChoice::fitting, torch::kCUDA, 0.1, false, "p6b_v23");
  const auto pieces = step_on(EngineChoice::fitting, torch::kCUDA, 0.1, false, "p6b_v23", "none", 4);
  const auto none = step_on(EngineChoice::fitting, torch::kCUDA, 0, false, "p6b_v23");
  EXPECT_EQ(pieces->engine(), "fused");
  for (std::int64_t s = 1; s <= 6; ++s) {
    const StepOutput a = plain->run(batch(s, torch::kCUDA)), b = whole->run(batch(s, torch::kCUDA)),
                     c = pieces->run(batch(s, torch::kCUDA)), d = none->run(batch(s, torch::kCUDA));
    const double norm = b.gradient_norm;
    EXPECT_NEAR(a.gradient_norm, norm, 1e-4 * norm) << "step " << s;
    EXPECT_NEAR(c.gradient_norm, norm, 1e-4 * norm) << "step " << s;
    EXPECT_GT(std::abs(d.gradient_norm - norm), 1e-3 * norm) << "step " << s;
    EXPECT_NEAR(c.loss.total.item<double>(), b.loss.total.item<double>(), 1e-4) << "step " << s;
  }
  const torch::Tensor weights = whole->state()[0].values;
  for (const auto* other : {&plain, &pieces})
    EXPECT_LT(((*other)->state()[0].values - weights).norm().item<float>(),
              1e-4f * weights.norm().item<float>());
}

// The wanted share is dropped, what stays is scaled so that the mean stays, and the backward pass knows
// which.
TEST(GraphStepDraws, DropTheShareThatIsWanted) {
  NEEDS_CUDA();
  const torch::Tensor key = torch::full({1}, 7, torch::TensorOptions(torch::kCUDA).dtype(torch::kInt64));
  for (const auto type : {torch::kFloat32, torch::kBFloat16})
    for (const std::int64_t columns : {1024, 1023}) {
      SCOPED_TRACE(columns);
      const torch::Tensor x =
          torch::ones({65, columns}, torch::TensorOptions(torch::kCUDA).dtype(type)).requires_grad_(true);
      for (const bool relu : {false, true}) {
        const torch::Tensor y = *cuda::drop_out(x, relu, {0.25, key, 3, 0});
        EXPECT_NEAR(y.eq(0).to(torch::kFloat32).mean().item<float>(), 0.25, 0.01);
        EXPECT_NEAR(y.to(torch::kFloat32).mean().item<float>(), 1, 0.02);
        EXPECT_TRUE(torch::equal(torch::autograd::grad({y.sum()}, {x})[0], y));
        // Rows 16… alone are drawn as among all.
        const torch::Tensor part = *cuda::drop_out(x.narrow(0, 16, 8), relu, {0.25, key, 3, 16});
        EXPECT_TRUE(torch::equal(part, y.narrow(0, 16, 8)));
        EXPECT_FALSE(torch::equal(*cuda::drop_out(x, relu, {0.25, key, 4, 0}), y)) << "another place";
      }
      const torch::Tensor negative = -x.detach();
      EXPECT_EQ(cuda::drop_out(negative, true, {0.25, key, 3, 0})->abs().sum().item<float>(), 0);
    }
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
