// The model and loss options as YAML reads them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/resolve.h"
#include "losses/loss_options.h"
#include "models/model_options.h"

namespace runner::lvm {
namespace {

struct All {
  ModelOptions model;
  LossOptions loss;
  AugmentOptions augment;
};

std::string read(const std::string& text, All& all) {
  config::Binder b;
  declare(b, all.model);
  declare(b, all.loss);
  declare(b, all.augment);
  std::string lines;
  for (const auto& p : config::resolve(b, text, "x.yaml", {})) lines += p.line() + "\n";
  for (const auto& p : check(all.model)) lines += p.line() + "\n";
  for (const auto& p : check(all.loss)) lines += p.line() + "\n";
  return lines;
}

constexpr const char* kV22 = R"(
model: {type: transformer, d_model: 512, heads: 8, layers: 4, feedforward: 2048, dropout: 0.1}
augment: {last_slot: {probability: 0.15, sigma: 0.03, swap: 0.05}}
loss:
  recipe: p6b_v23
  lambda_max: 0.03
  confidence: {gate: false}
  pos_floor: {weight: 2.0e-3, tau: 0.12}
  phases:
    - {until_epoch: 2, rho: 0.15, rho_cap: 0.35, margin_gap: 0.02, margin_ratio: 0.05}
    - {rho: 0.35, rho_cap: 0.50, margin_gap: 0.07, margin_ratio: 0.05}
)";

TEST(LossOptions, P6bV22IsNumbersAlone) {
  All all;
  EXPECT_EQ(read(kV22, all), "");
  const auto full = complete(all.loss);
  EXPECT_EQ(*full.lambda_max, 0.03);
  EXPECT_EQ(*full.confidence_gate, false);
  EXPECT_EQ(*full.pos_floor_tau, 0.12);
  EXPECT_EQ(*full.orth_pen_weight, 1e-4);  // left out: the recipe's own
  ASSERT_EQ(full.phases.size(), 2u);
  EXPECT_EQ(*phase_of(full, 2).rho_cap, 0.50);
  EXPECT_EQ(all.augment.probability, 0.15);
}

TEST(LossOptions, ARecipeWithoutItsPhaseTableIsRefused) {
  All all;
  EXPECT_THAT(read("loss: {recipe: p6b_v21}", all), testing::HasSubstr("p6b_v21 needs its phase table"));
}

TEST(LossOptions, NumbersOfAnotherRecipeAreRefusedTogether) {
  All all;
  const auto lines =
      read("loss: {recipe: p6b_v1, share_cap: 0.3, phases: [{until_epoch: 3, rho: 0.1}]}", all);
  EXPECT_THAT(lines, testing::HasSubstr("loss.share_cap"));
  EXPECT_THAT(lines, testing::HasSubstr("phases[0].margin is missing"));
  EXPECT_THAT(lines, testing::HasSubstr("phases[0].rho has no meaning in p6b_v1"));
  EXPECT_THAT(lines, testing::HasSubstr("the last row ends at epoch 3"));
}

TEST(LossOptions, RecipeMseSwitchesARecipeOffAndListsWhatItIgnores) {
  All all;
  EXPECT_EQ(read("loss: {recipe: mse, gamma: 4, phases: [{margin: 0.1}]}", all), "");
  EXPECT_THAT(unused_keys(all.loss), testing::ElementsAre("loss.phases", "loss.gamma"));
}

TEST(LossOptions, PhasesOutOfOrderAreRefused) {
  All all;
  const auto lines = read(R"(loss: {recipe: p6b_v1, phases: [{until_epoch: 5, margin: 0.1, fraction: 0.1},
    {until_epoch: 5, margin: 0.1, fraction: 0.1}, {margin: 0.1, fraction: 0.1}]})",
                          all);
  EXPECT_THAT(lines, testing::HasSubstr("phases[1].until_epoch 5 must be above the row before (5)"));
}

TEST(LossOptions, WeightsThatAreAllZeroAreRefused) {
  All all;
  EXPECT_THAT(read("loss: {mse: {weight: 0}}", all), testing::HasSubstr("nothing to train on"));
}

TEST(ModelOptions, SizesThatTheTypeLacksAreListedAsWithoutEffect) {
  All all;
  EXPECT_EQ(read("model: {type: lstm, heads: 8, d_model: 512, layers: 3}", all), "");
  EXPECT_THAT(unused_keys(all.model), testing::ElementsAre("model.d_model", "model.heads"));
  EXPECT_EQ(model_sizes(all.model, 8).layers, 3);
}

TEST(ModelOptions, HeadsMustDivideTheWidth) {
  All all;
  EXPECT_THAT(read("model: {d_model: 500, heads: 8}", all),
              testing::HasSubstr("8 does not divide model.d_model 500"));
}

TEST(ModelOptions, SizesLeftOutAreTheTypesOwn) {
  All all;
  EXPECT_EQ(read("model: {type: lstm}", all), "");
  const auto s = model_sizes(all.model, 768);
  EXPECT_EQ(s.layers, 2);
  EXPECT_EQ(s.hidden, 512);
  EXPECT_EQ(s.dropout, 0.2);
  EXPECT_EQ(s.d_model, 0);
}

}  // namespace
}  // namespace runner::lvm
