// The optional base terms, by hand-computed cases.

#include "losses/base_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace runner::lvm {
namespace {

double value(const torch::Tensor& t) {
  return t.item().toDouble();
}
const torch::Tensor kEye = torch::eye(2);

TEST(BaseLoss, InfoNceIsTheSumOfBothDirections) {
  // Scores are the identity over the temperature: each direction's cross entropy is log(1 + exp(-1/0.5)).
  EXPECT_NEAR(value(info_nce(kEye, 3 * kEye, 0.5)), 2 * std::log1p(std::exp(-2.0)), 1e-6);
}

TEST(BaseLoss, MomentComparesMeansAndUnbiasedDeviations) {
  const auto raw = torch::tensor({{0.0f}, {2.0f}}), target = torch::tensor({{0.0f}, {4.0f}});
  // Means 1 and 2; deviations sqrt(2) and sqrt(8).
  EXPECT_NEAR(value(moment_difference(raw, target)), 1 + 2, 1e-5);
}

TEST(BaseLoss, VarianceIsTheShortfallOfTheDeviation) {
  EXPECT_NEAR(value(variance_shortfall(kEye)), 1 - std::sqrt(0.5), 1e-6);
}

TEST(BaseLoss, HingesCompareTheTargetWithTheContexts) {
  const auto pred = torch::tensor({{1.0f, 0.0f}}), target = torch::tensor({{0.6f, 0.8f}});
  const auto contexts = torch::tensor({{{0.0f, 1.0f}, {0.8f, 0.6f}}});  // cosines 0 and 0.8
  EXPECT_NEAR(value(directional_hinge(pred, contexts, target, 0.01)), 0.01 + 0.2, 1e-6);
  EXPECT_NEAR(value(anti_copy_hinge(pred, contexts, target, 0.02)), (0 + 0.22) / 2, 1e-6);
}

LossParts loss_of(const LossOptions& o, const torch::Tensor& raw) {
  return compute_loss(complete(o), normalised(raw), torch::ones({raw.size(0), 2, 2}),
                      torch::ones({raw.size(0), 2}), 0);
}

TEST(BaseLoss, TermsOfWeightZeroAreNotComputed) {
  EXPECT_TRUE(loss_of({}, kEye).optional_terms.empty());
  LossOptions o;
  o.moment_weight = 0.5;
  o.variance_weight = 2;
  const auto parts = loss_of(o, kEye);
  ASSERT_EQ(parts.optional_terms.size(), 2u);
  EXPECT_STREQ(parts.optional_terms[0].first, "moment");
  EXPECT_NEAR(value(parts.total),
              value(parts.loss_mse) + 0.5 * value(parts.optional_terms[0].second) +
                  2 * value(parts.optional_terms[1].second),
              1e-6);
}

TEST(BaseLoss, ABatchOfOneRowStaysFiniteWithEveryTermOn) {
  LossOptions o;
  o.info_nce_weight = o.moment_weight = o.variance_weight = o.hinge_weight = o.anti_copy_weight = 1;
  const auto raw = torch::tensor({{0.3f, 0.4f}}).requires_grad_();
  const auto parts = loss_of(o, raw);
  parts.total.backward();
  EXPECT_TRUE(std::isfinite(value(parts.total)));
  EXPECT_TRUE(torch::isfinite(raw.grad()).all().item<bool>());
  EXPECT_EQ(parts.optional_terms.size(), 5u);
}

TEST(BaseLoss, NamedPartsTellTheTermThatWentBad) {
  LossOptions o;
  o.anti_copy_weight = 1;
  const auto names = loss_of(o, kEye).named();
  ASSERT_EQ(names.size(), 3u);
  EXPECT_STREQ(names[0].first, "loss_mse");
  EXPECT_STREQ(names[1].first, "anti_copy");
  EXPECT_STREQ(names[2].first, "train_loss");
}

}  // namespace
}  // namespace runner::lvm
