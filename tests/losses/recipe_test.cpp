// The controllers, caps, skips and penalties, by hand-computed cases that the recordings do not reach.

#include "losses/recipe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "losses/recorded_recipes.h"

namespace runner::lvm {
namespace {

DirectionalWeight weigh(const LossOptions& o, double base, double dir, double target, double prev) {
  return directional_weight(o, o.phases[0], torch::tensor(base, torch::kFloat32),
                            torch::tensor(dir, torch::kFloat32), torch::tensor(target, torch::kFloat32),
                            torch::tensor(prev, torch::kFloat32));
}
double number(const torch::Tensor& t) {
  return t.item().toDouble();
}

// Phase 0 of p6b_v21: fraction 0.10. lambda = clamp(base * 0.10 / dir).
TEST(DirectionalWeight, V21CapBindsWhenTheLowerClampLiftsTheShare) {
  const auto o = recipes::recipe("p6b_v21");
  // base 1e-4, dir 0.5: lambda wants 2e-5, is lifted to 1e-4; share 0.5 > 0.25: lambda *= 0.25 / 0.5.
  const auto w = weigh(o, 1e-4, 0.5, 0.5, 0.5);
  EXPECT_NEAR(number(w.lambda), 5e-5, 1e-10);
  EXPECT_NEAR(number(w.rho), 0.5, 1e-6);  // reported before the cap
}

TEST(DirectionalWeight, V21BelowTheCapIsOnlyClamped) {
  const auto o = recipes::recipe("p6b_v21");
  EXPECT_NEAR(number(weigh(o, 0.01, 0.2, 0.5, 0.5).lambda), 0.005, 1e-9);
  EXPECT_NEAR(number(weigh(o, 1.0, 0.2, 0.5, 0.5).lambda), 0.02, 1e-9);
}

TEST(DirectionalWeight, V21ShareCapIsANumberOfTheConfig) {
  auto o = recipes::recipe("p6b_v21");
  o.share_cap = 0.05;
  EXPECT_NEAR(number(weigh(o, 0.01, 0.2, 0.5, 0.5).lambda), 0.0025, 1e-9);
}

// Phase 0 of p6b_v23: rho 0.15, cap 0.30.
TEST(DirectionalWeight, V23CapBindsWhenTheLowerClampLiftsTheShare) {
  const auto o = recipes::recipe("p6b_v23");
  // base 1e-4, dir 0.5: lambda 3e-5 is lifted to 1e-4, share 0.5 > 0.30: lambda = 6e-5. Gate open at 0.5.
  const auto w = weigh(o, 1e-4, 0.5, 0.5, 0.5);
  EXPECT_NEAR(number(w.lambda), 6e-5, 1e-10);
  EXPECT_NEAR(number(w.rho), 0.30, 1e-6);  // reported after the controller
}

TEST(DirectionalWeight, V23RaisesALowShareButNotAboveLambdaMax) {
  const auto o = recipes::recipe("p6b_v23");
  // base 0.1, dir 0.2: lambda wants 0.075, is clamped to 0.018: share 0.036 < 0.12, raised to 0.075, clamped
  // again.
  const auto w = weigh(o, 0.1, 0.2, 0.5, 0.5);
  EXPECT_NEAR(number(w.lambda), 0.018, 1e-8);
  EXPECT_NEAR(number(w.rho), 0.036, 1e-6);
}

TEST(DirectionalWeight, V23BetweenLowAndCapIsLeftAlone) {
  const auto o = recipes::recipe("p6b_v23");
  const auto w = weigh(o, 0.01, 0.2, 0.5, 0.5);  // lambda 0.0075, share 0.15
  EXPECT_NEAR(number(w.lambda), 0.0075, 1e-8);
  EXPECT_NEAR(number(w.rho), 0.15, 1e-6);
}

TEST(DirectionalWeight, V23ConfidenceGateOpensBetween030And045) {
  const auto o = recipes::recipe("p6b_v23");
  EXPECT_EQ(number(weigh(o, 0.01, 0.2, 0.30, 0.5).lambda), 0);
  EXPECT_NEAR(number(weigh(o, 0.01, 0.2, 0.375, 0.5).lambda), 0.0075 / 2, 1e-8);
  EXPECT_NEAR(number(weigh(o, 0.01, 0.2, 0.375, 0.5).rho), 0.15, 1e-6);  // before the gate
  EXPECT_NEAR(number(weigh(o, 0.01, 0.2, 0.45, 0.5).confidence), 1, 1e-6);
}

TEST(DirectionalWeight, V22NumbersLeaveTheGateOpenAndLiftLambdaMax) {
  const auto o = recipes::recipe("p6b_v22");
  const auto w = weigh(o, 0.1, 0.2, 0.1, 0.5);
  EXPECT_EQ(number(w.confidence), 1);
  EXPECT_NEAR(number(w.lambda), 0.03, 1e-8);
}

TEST(DirectionalWeight, V21AndV23SkipOnANegativeTargetOrOnTwoWeakCosines) {
  for (const char* name : {"p6b_v21", "p6b_v23"}) {
    auto o = recipes::recipe(name);
    o.confidence_gate = false;
    const auto skipped = [&](double target, double prev) {
      const auto w = weigh(o, 0.01, 0.2, target, prev);
      EXPECT_EQ(number(w.lambda) == 0, number(w.skipped) != 0);
      EXPECT_GT(number(w.rho), 0) << "reported on skipped steps too";
      return number(w.skipped) != 0;
    };
    EXPECT_TRUE(skipped(-0.001, 0.5)) << name;
    EXPECT_FALSE(skipped(0.001, 0.5)) << name;
    EXPECT_TRUE(skipped(0.049, -0.051)) << name;
    EXPECT_FALSE(skipped(0.051, -0.051)) << name;
    EXPECT_FALSE(skipped(0.049, -0.049)) << name;
  }
}

TEST(DirectionalWeight, V1SkipsOnEitherNegativeCosine) {
  const auto o = recipes::recipe("p6b_v1");
  EXPECT_TRUE(number(weigh(o, 0.01, 0.2, -0.001, 0.5).skipped));
  EXPECT_TRUE(number(weigh(o, 0.01, 0.2, 0.5, -0.001).skipped));
  EXPECT_FALSE(number(weigh(o, 0.01, 0.2, 0.001, 0.001).skipped));
}

// One row, D = 2: prediction e1, target at cosine 0.6, prev at cosine 0.8, so gap -0.2, ratio -0.2 / 1.4.
LossParts one_row(const LossOptions& o, double scale = 1.0) {
  const auto raw = torch::tensor({{2.0f, 0.0f}}).requires_grad_();
  const auto contexts = torch::tensor({{{0.8f, 0.6f}, {0.0f, 1.0f}}});
  return compute_loss(o, normalised(raw), contexts, torch::tensor({{0.6f, 0.8f}}), 0, scale);
}
double softplus4(double x) {
  return std::log1p(std::exp(4 * x)) / 4;
}

TEST(Recipe, V23TotalIsTheSumOfItsPartsByHand) {
  const auto parts = one_row(recipes::recipe("p6b_v23"));
  const double mse = (1.4 * 1.4 + 0.8 * 0.8) / 2;
  const double dir = 0.7 * softplus4(0.02 + 0.2) + 0.3 * softplus4(0.05 + 0.2 / (1.4 + 1e-6));
  EXPECT_NEAR(number(parts.loss_mse), mse, 1e-6);
  EXPECT_NEAR(number(parts.loss_dir), 0.018 * dir, 1e-7);  // base is large: lambda at its maximum
  EXPECT_NEAR(number(parts.pos_floor), 0, 1e-9);
  EXPECT_NEAR(number(parts.orth_pen), 0.64, 1e-6);
  EXPECT_NEAR(number(parts.total), mse + 0.018 * dir + 1e-4 * 0.64, 1e-6);
}

TEST(Recipe, V1MarginActsOnTheGapAlone) {
  const auto parts = one_row(recipes::recipe("p6b_v1"));
  EXPECT_NEAR(number(parts.loss_dir), 0.02 * softplus4(0.02 + 0.2), 1e-7);
  EXPECT_FALSE(parts.pos_floor.defined());
}

TEST(Recipe, DirectionalScaleZeroLeavesBaseAndPenalties) {
  const auto parts = one_row(recipes::recipe("p6b_v23"), 0);
  EXPECT_EQ(number(parts.loss_dir), 0);
  EXPECT_NEAR(number(parts.total), number(parts.loss_mse) + 1e-4 * 0.64, 1e-6);
}

TEST(Recipe, EveryNumberChangesTheLoss) {
  const auto base = recipes::recipe("p6b_v23");
  const double before = number(one_row(base).total);
  std::optional<double> LossOptions::*const numbers[] = {
      &LossOptions::gamma,         &LossOptions::gap_share,        &LossOptions::ratio_share,
      &LossOptions::lambda_max,    &LossOptions::confidence_start, &LossOptions::skip_target,
      &LossOptions::pos_floor_tau, &LossOptions::orth_pen_weight};
  for (std::size_t i = 0; i < std::size(numbers); ++i) {
    auto o = base;
    o.*numbers[i] = **&(o.*numbers[i]) + 0.7;
    EXPECT_NE(number(one_row(o).total), before) << "number " << i;
  }
}

TEST(Recipe, PhasesChangeAtTheirEpochCountedFromZero) {
  const auto o = recipes::recipe("p6b_v23");
  EXPECT_EQ(phase_index(o, 3), 0u);
  EXPECT_EQ(phase_index(o, 4), 1u);
  EXPECT_EQ(phase_index(o, 6), 1u);
  EXPECT_EQ(phase_index(o, 7), 2u);
  EXPECT_EQ(phase_index(o, 1000), 2u);
}

TEST(Recipe, SkippedStepsPassNoGradientOfTheDirectionalTerm) {
  auto o = recipes::recipe("p6b_v21");
  o.pos_floor_weight = 0, o.norm_pen_weight = 0;
  const auto contexts = torch::randn({4, 3, 8});
  const auto raw = torch::randn({4, 8}).requires_grad_(), same = raw.detach().clone().requires_grad_();
  const auto targets = -raw.detach();  // cosine -1: skipped
  compute_loss(o, normalised(raw), contexts, targets, 0).total.backward();
  torch::mse_loss(same, targets).backward();
  EXPECT_TRUE(torch::equal(raw.grad(), same.grad()));
}

}  // namespace
}  // namespace runner::lvm
