// The fused step against the plain one: same weights, same batches, every recipe, several updates.

#include <gtest/gtest.h>

#include "engines/make_step.h"
#include "engines/whole_loss.h"
#include "models/state_dict.h"

namespace runner::lvm {
namespace {

ModelSizes sizes(ResidualKind residual = ResidualKind::none) {
  ModelOptions o;
  o.residual = residual;
  o.d_model = 64;
  o.heads = 4;
  o.layers = 3;
  o.dropout = 0;  // the two draw differently
  return model_sizes(o, 48, 5);
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

// A recipe and a residual.
class FusedStep : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(FusedStep, EqualsThePlainStep) {
  StepOptions options;
  options.loss = complete(whole_loss(from_word<Recipe>(std::get<0>(GetParam())).value()));
  const auto residual = from_word<ResidualKind>(std::get<1>(GetParam())).value();
  const auto plain =
      make_step(EngineChoice::plain, make_model(sizes(residual), std::uint64_t{7}), options, 5, torch::kCPU);
  const auto fused =
      make_step(EngineChoice::fused, make_model(sizes(residual), std::uint64_t{7}), options, 5, torch::kCPU);
  ASSERT_EQ(fused->engine(), "fused");
  ASSERT_TRUE(torch::equal(plain->state()[0].values, fused->state()[0].values));
  for (std::int64_t s = 1; s <= 6; ++s) {
    const StepOutput a = plain->run(batch(s)), b = fused->run(batch(s));
    const auto total = a.loss.total.item<double>();
    EXPECT_NEAR(total, b.loss.total.item<double>(), 1e-4 * std::abs(total)) << "step " << s;
    if (is_directional(options.loss)) {
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

INSTANTIATE_TEST_SUITE_P(Recipes, FusedStep,
                         testing::Values(std::tuple{"mse", "none"}, std::tuple{"cosine", "none"},
                                         std::tuple{"p6b_v1", "none"}, std::tuple{"p6b_v21", "none"},
                                         std::tuple{"p6b_v23", "none"}, std::tuple{"cosine", "last"},
                                         std::tuple{"mse", "mean"}, std::tuple{"cosine", "learned"},
                                         std::tuple{"p6b_v23", "learned"}),
                         [](const auto& p) {
                           return std::string(std::get<0>(p.param)) + "_" + std::get<1>(p.param);
                         });

// Each step's learnt weights of the residual, in the engine's precision.
std::vector<torch::Tensor> residual_weights(EngineChoice engine, bool bf16) {
  StepOptions options;
  options.loss.recipe = Recipe::cosine;
  options.loss = complete(options.loss);
  options.clip_norm = 0.05;  // far below the norm: the weights' own gradient is part of it
  const auto model = make_model(sizes(ResidualKind::learned), std::uint64_t{7});
  model->set_compute({false, bf16});
  const auto step = make_step(engine, model, options, 5, torch::kCPU);
  std::vector<torch::Tensor> weights;
  for (std::int64_t s = 1; s <= 4; ++s) {
    step->run(batch(s));
    weights.push_back(step->model().residual()->weights.detach().clone());
  }
  return weights;
}

TEST(FusedResidual, LearntWeightsFollowAutogradInBothPrecisions) {
  const auto expected = residual_weights(EngineChoice::plain, false);
  EXPECT_GT(expected.back().abs().max().item<float>(), 1e-5f) << "they have to move";
  for (const bool bf16 : {false, true}) {
    const auto got = residual_weights(EngineChoice::fused, bf16);
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_TRUE(torch::allclose(got[i], expected[i], bf16 ? 5e-2 : 1e-3, 1e-7))
          << "bf16 " << bf16 << ", step " << i + 1 << "\n"
          << got[i] << expected[i];
  }
}

// The weights buffer is the model's parameters one after the other: what a checkpoint copies and a resume
// writes.
TEST(FusedResidual, LearntWeightsArePartOfTheState) {
  StepOptions options;
  options.loss = complete(options.loss);
  const auto step = make_step(EngineChoice::fused, make_model(sizes(ResidualKind::learned), std::uint64_t{7}),
                              options, 5, torch::kCPU);
  const torch::Tensor all = step->state()[0].values;
  EXPECT_EQ(all.numel(), parameter_count(step->model()));
  {
    const torch::NoGradGuard no_grad;
    all.narrow(0, all.numel() - 5, 5).copy_(torch::arange(5));
  }
  step->state_changed(0);
  EXPECT_TRUE(torch::equal(step->model().residual()->weights, torch::arange(5).to(torch::kFloat32)));
  const auto x = batch(1).contexts;
  const auto shares = torch::softmax(torch::arange(5).to(torch::kFloat32), 0).view({1, 5, 1});
  EXPECT_TRUE(torch::allclose(step->predict(x).raw, (x * shares).sum(1), 1e-5, 1e-6));
}

}  // namespace
}  // namespace runner::lvm
