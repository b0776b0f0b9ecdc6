// Optimizer, scheduler, augmentation and alignment figures.

#include <gtest/gtest.h>

#include <cmath>

#include "engines/libtorch/optimizer.h"
#include "models/unit_vectors.h"
#include "training/alignment.h"
#include "training/augment.h"
#include "training/plateau.h"
#include "training/validation.h"
#include "training/warmup_cosine.h"

namespace runner::lvm {
namespace {

TEST(AdamW, FollowsLibtorchsOwn) {
  torch::manual_seed(1);
  auto ours = torch::randn({7, 3}).requires_grad_(), theirs = ours.detach().clone().requires_grad_();
  AdamW optimizer({ours}, {.lr = 0.01, .weight_decay = 0.1});
  torch::optim::AdamW reference({theirs}, torch::optim::AdamWOptions(0.01).weight_decay(0.1));
  for (int i = 0; i < 20; ++i) {
    const auto x = torch::randn({5, 7});
    for (auto* p : {&ours, &theirs}) {
      p->mutable_grad() = torch::Tensor();
      (x.matmul(*p)).square().sum().backward();
    }
    optimizer.step();
    reference.step();
    ASSERT_TRUE(torch::allclose(ours, theirs, 1e-5, 1e-7)) << "step " << i;
  }
  EXPECT_EQ(optimizer.steps, 20);
}

TEST(Plateau, HalvesAfterMoreThanPatienceEpochsWithoutProgress) {
  const PlateauOptions options;
  PlateauState state;
  double lr = 1;
  lr = plateau_step(options, state, 1.0, lr);
  for (int i = 0; i < 3; ++i) lr = plateau_step(options, state, 1.0 - 1e-5, lr);  // within the threshold
  EXPECT_EQ(lr, 1);
  lr = plateau_step(options, state, 1.0 - 1e-5, lr);
  EXPECT_EQ(lr, 0.5);
  lr = plateau_step(options, state, 0.5, lr);
  EXPECT_EQ(state.best, 0.5);
  EXPECT_EQ(state.bad_epochs, 0);
}

TEST(WarmupCosine, RisesInALineAndFallsAlongHalfACosine) {
  const auto rate = [](std::int64_t step) { return warmup_cosine(2, 0, 10, 110, step); };
  EXPECT_DOUBLE_EQ(rate(1), 0.2);
  EXPECT_DOUBLE_EQ(rate(10), 2);
  EXPECT_DOUBLE_EQ(rate(11), 2);
  EXPECT_DOUBLE_EQ(rate(61), 1);
  EXPECT_NEAR(rate(110), 2 * (1 + std::cos(M_PI * 0.99)) / 2, 1e-12);
  EXPECT_DOUBLE_EQ(rate(111), 0);
  EXPECT_DOUBLE_EQ(rate(500), 0);  // a run that goes on beyond its epochs
}

TEST(WarmupCosine, StartsAtTheFullRateWithoutWarmUpAndEndsAtTheLowest) {
  EXPECT_DOUBLE_EQ(warmup_cosine(2, 0.5, 0, 4, 1), 2);
  EXPECT_DOUBLE_EQ(warmup_cosine(2, 0.5, 0, 4, 5), 0.5);
  EXPECT_DOUBLE_EQ(warmup_cosine(2, 0, 10, 4, 4), 0.8);  // a run that ends while it warms up
}

TEST(Augment, CorruptsAboutTheAskedPartOfTheLastVectorsAndNothingElse) {
  torch::manual_seed(3);
  const auto before = unit(torch::randn({20000, 3, 4}));
  auto after = before.clone();
  corrupt_last_slot(after, {.probability = 0.15, .sigma = 0.03, .swap = 0.05}, std::nullopt);
  EXPECT_TRUE(torch::equal(after.narrow(1, 0, 2), before.narrow(1, 0, 2)));
  const auto last = after.select(1, 2), was = before.select(1, 2);
  const auto changed = (last != was).any(1);
  EXPECT_NEAR(changed.to(torch::kFloat32).mean().item<double>(), 0.15, 0.01);
  const auto swapped = (last == before.select(1, 1)).all(1);
  EXPECT_NEAR(swapped.to(torch::kFloat32).mean().item<double>(), 0.15 * 0.05, 0.003);
  const auto noisy = changed.logical_and(swapped.logical_not());
  EXPECT_TRUE(torch::allclose(last.index({noisy}).norm(2, -1), torch::ones({}), 1e-5, 1e-5));
  EXPECT_GT(row_cosine(last, was).index({noisy}).min().item<double>(), 0.97);
}

TEST(Augment, IsRepeatedByItsGeneratorAndAbsentAtProbabilityZero) {
  const auto drawn = [](std::uint64_t seed) {
    torch::manual_seed(seed);
    auto contexts = torch::ones({50, 2, 3});
    corrupt_last_slot(contexts, {.probability = 0.5}, std::nullopt);
    return contexts;
  };
  EXPECT_TRUE(torch::equal(drawn(1), drawn(1)));
  EXPECT_FALSE(torch::equal(drawn(1), drawn(2)));
  auto contexts = torch::ones({50, 2, 3});
  corrupt_last_slot(contexts, {}, std::nullopt);
  EXPECT_TRUE(torch::equal(contexts, torch::ones({50, 2, 3})));
}

TEST(Alignment, MarginAndLegacyRankByHand) {
  AlignmentSums sums;
  const auto pred = torch::tensor({{2.0f, 0.0f}, {1.0f, 0.0f}});
  const auto targets = torch::tensor({{0.6f, 0.8f}, {1.0f, 0.0f}});
  // First row: all five contexts are closer (or tie with) the target: rank 6. Second row: none is: rank 1.
  const auto near = torch::tensor({0.8f, 0.6f}), tie = torch::tensor({0.6f, 0.8f}),
             far = torch::tensor({0.0f, 1.0f});
  const auto contexts = torch::stack({torch::stack({tie, near, near, near, near}), far.expand({5, 2})});
  sums.add(pred, contexts, targets);
  const auto m = sums.result();
  EXPECT_EQ(m.rows, 2);
  EXPECT_NEAR(m.margin, (0.6 + 1.0) / 2 - (0.8 + 0.0) / 2, 1e-6);
  EXPECT_NEAR(m.legacy_r5, 0.5, 1e-9);
  EXPECT_NEAR(m.legacy_chance, 5.0 / 6, 1e-9);
}

TEST(Alignment, WhatWasNotRankedIsNullAndNotZero) {
  AlignmentSums sums;
  sums.add(torch::ones({2, 3}), torch::ones({2, 2, 3}), torch::ones({2, 3}));
  ValidationResult result;
  result.alignment = sums.result();
  const Json figures = figures_of(result), chance = chance_levels(result.alignment);
  for (const char* key : {"r_at_1", "r_at_5", "new_r_at_1", "new_r_at_5", "new_mrr"})
    EXPECT_TRUE(figures.at(key).is_null()) << key;
  for (const char* key : {"r_at_1", "r_at_5", "new_r_at_1", "new_r_at_5"})
    EXPECT_TRUE(chance.at(key).is_null()) << key;
  EXPECT_TRUE(figures.at("margin").is_number());
  EXPECT_DOUBLE_EQ(chance.at("legacy_r5").get<double>(), 1);  // three candidates: always among the first five
}

TEST(Alignment, RanksCountStrictlyHigherSimilaritiesWithinTheArticle) {
  const auto article = torch::tensor({{1.0f, 0.0f}, {0.8f, 0.6f}, {0.8f, 0.6f}, {0.0f, 1.0f}});
  const auto pred = torch::tensor({{3.0f, 0.0f}, {3.0f, 0.0f}, {3.0f, 0.0f}});
  const auto ranks = ranks_within(pred, article, torch::tensor({0, 2, 3}, torch::kInt64));
  EXPECT_TRUE(
      torch::equal(ranks, torch::tensor({1, 2, 4}, torch::kInt64)));  // a duplicate row does not count
  AlignmentSums sums;
  sums.add_ranks(pred, article, torch::tensor({0, 2, 3}, torch::kInt64), torch::zeros({3, 4}, torch::kBool));
  EXPECT_NEAR(*sums.result().article.r_at_1, 1.0 / 3, 1e-9);
  EXPECT_NEAR(*sums.result().article.r_at_5, 1.0, 1e-9);
  EXPECT_NEAR(*sums.result().article.chance_1, 0.25, 1e-9);
  EXPECT_NEAR(*sums.result().article.chance_5, 1, 1e-9);
}

// Eight rows on a quarter circle, a prediction on the first: row r ranks r + 1.
TEST(Alignment, RowsOfTheContextDoNotStandBeforeANewTarget) {
  const auto angle = torch::arange(8) * (M_PI / 2 / 8);
  const auto article = torch::stack({torch::cos(angle), torch::sin(angle)}, 1).to(torch::kFloat32);
  const auto pred = torch::tensor({{1.0f, 0.0f}, {1.0f, 0.0f}});
  const auto targets = torch::tensor({6, 3}, torch::kInt64);
  // The first row's context holds rows 0, 1, 2, 4 and one of another article; the second's row 5 twice, which
  // ranks behind the target anyway, and the target itself.
  const auto contexts = torch::tensor({{0, 1, 2, 4, -1}, {5, 5, 3, -1, -1}}, torch::kInt64);
  const auto seen = seen_rows(contexts, targets, 8);
  EXPECT_EQ(seen[0].sum().item<int>(), 4);
  EXPECT_EQ(seen[1].sum().item<int>(), 1);
  AlignmentSums sums;
  sums.add_ranks(pred, article, targets, seen);
  const auto m = sums.result();
  EXPECT_NEAR(*m.article.mrr, (1.0 / 7 + 1.0 / 4) / 2, 1e-9);
  EXPECT_NEAR(*m.fresh.mrr, (1.0 / 3 + 1.0 / 4) / 2, 1e-9);  // before row 6 stay rows 3 and 5
  EXPECT_NEAR(*m.article.r_at_5, 0.5, 1e-9);
  EXPECT_NEAR(*m.fresh.r_at_5, 1.0, 1e-9);
  EXPECT_NEAR(*m.fresh.chance_1, (1.0 / 4 + 1.0 / 7) / 2, 1e-9);
  EXPECT_NEAR(*m.fresh.chance_5, (1.0 + 5.0 / 7) / 2, 1e-9);
}

}  // namespace
}  // namespace runner::lvm
