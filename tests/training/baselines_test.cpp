// What needs no training, on the bundled sample: its figures are those of a plain computation over all
// windows.

#include "training/baselines/baselines.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "models/unit_vectors.h"
#include "report/figures_text.h"
#include "training/baselines/ridge.h"
#include "training/baselines/weighted_mean.h"

namespace runner::lvm {
namespace {

struct Sample {
  explicit Sample(std::int64_t context = 5, std::int64_t offset = 2) {
    data::WindowOptions options;
    options.context = context;
    options.target_offset = offset;
    samples = data::open_samples({RUNNER_SOURCE_DIR "/artifacts/sample/cppdocs_768.npz"}, options);
    split = data::split_by_article(*samples, 0.1);
  }
  Batch all(const std::vector<std::int64_t>& ids) const {
    return gather_batch(*samples, ids.data(), static_cast<std::int64_t>(ids.size()), false, torch::kCPU);
  }
  BaselineFigures measure(bool ridge = false) const {
    BaselineOptions options;
    options.ridge = ridge;
    return measure_baselines(samples, split, false, options);
  }
  std::shared_ptr<const data::SampleSource> samples;
  data::Split split;
};

double cosine(const torch::Tensor& predictions, const torch::Tensor& targets) {
  return row_cosine(predictions, targets).mean(torch::kFloat64).item<double>();
}

double mixture_cosine(const Batch& batch, const torch::Tensor& shares) {
  return cosine((batch.contexts * shares.view({1, -1, 1})).sum(1), batch.targets);
}

TEST(Baselines, FiguresAreThoseOfAPlainComputation) {
  const Sample sample;
  const BaselineFigures figures = sample.measure();
  const Batch validation = sample.all(sample.split.validation);
  const auto last = validation.contexts.select(1, 4), mean = validation.contexts.mean(1);
  const auto expect = [&](const char* name, const torch::Tensor& predictions) {
    const Figures& got = *find_named(figures.figures, name);
    EXPECT_NEAR(got.val_cosine, cosine(predictions, validation.targets), 1e-5) << name;
    EXPECT_NEAR(got.val_loss, (unit(predictions) - validation.targets).square().mean().item<double>(), 1e-6)
        << name;
    EXPECT_NEAR(got.margin, cosine(predictions, validation.targets) - cosine(predictions, last), 1e-5)
        << name;
  };
  expect("copy_last", last);
  expect("context_mean", mean);
  expect("weighted_mean", (validation.contexts * torch::tensor(figures.shares).view({1, 5, 1})).sum(1));
}

TEST(Baselines, RetrievalAmongNewRowsIsThatOfACountByHand) {
  const Sample sample;
  const auto& vectors = *sample.samples->vectors();
  torch::Tensor table = torch::empty({vectors.rows(), vectors.width()});
  vectors.read_rows(0, vectors.rows(), table.data_ptr<float>());
  table = unit(table);
  double first = 0, five = 0, copied = 0;
  for (const auto id : sample.split.validation) {
    torch::Tensor mean = torch::zeros({vectors.width()});
    std::vector<bool> seen(static_cast<std::size_t>(vectors.rows()));
    for (std::int64_t j = 0; j < 5; ++j) {
      const auto row = sample.samples->context_row(id, j);
      mean += table[row];
      seen[static_cast<std::size_t>(row)] = true;
    }
    const auto scores = torch::matmul(table, mean);
    const float* score = scores.data_ptr<float>();
    const auto target = sample.samples->target_row(id);
    std::int64_t before = 0, before_all = 0;
    for (std::int64_t row = 0; row < vectors.rows(); ++row) {
      if (vectors.articles()[static_cast<std::size_t>(row)] != sample.samples->article(id)) continue;
      if (score[row] <= score[target]) continue;
      ++before_all;
      before += seen[static_cast<std::size_t>(row)] ? 0 : 1;
    }
    first += before < 1, five += before < 5, copied += before_all < 5;
  }
  const auto rows = static_cast<double>(sample.split.validation.size());
  const BaselineFigures all = sample.measure();
  const Figures& got = *find_named(all.figures, "context_mean");
  EXPECT_NEAR(*got.new_r_at_1, first / rows, 3 / rows);  // ties by rounding
  EXPECT_NEAR(*got.new_r_at_5, five / rows, 3 / rows);
  EXPECT_NEAR(*got.r_at_5, copied / rows, 3 / rows);
  EXPECT_GT(*got.new_r_at_5, *got.r_at_5 + 0.1);
}

TEST(Baselines, WeightsAreTheBestOnTheTrainingSplit) {
  for (const std::int64_t context : {1, 3, 5}) {
    const Sample sample(context);
    const auto shares = fit_shares(*sample.samples, sample.split.training, false);
    EXPECT_NEAR(shares.sum().item<double>(), 1, 1e-6);
    const Batch training = sample.all(sample.split.training);
    const double best = mixture_cosine(training, shares);
    EXPECT_GE(best,
              mixture_cosine(training, torch::full({context}, 1.0 / static_cast<double>(context))) - 1e-9);
    for (std::int64_t i = 0; i < context; ++i)
      for (const double change : {-0.02, 0.02}) {
        auto other = shares.clone();
        other[i] += change;
        EXPECT_LE(mixture_cosine(training, other.clamp_min(0)), best + 1e-6) << context << " " << i;
      }
  }
}

TEST(Baselines, TheBestIsTheOneOfTheHighestCosine) {
  const BaselineFigures figures = Sample().measure();
  for (const auto& [name, values] : figures.figures)
    EXPECT_LE(values.val_cosine, figures.best_cosine) << name;
  EXPECT_EQ(find_named(figures.figures, figures.best)->val_cosine, figures.best_cosine);
  EXPECT_DOUBLE_EQ(figures.gain(figures.best_cosine + 0.01),
                   0.01 + figures.best_cosine - figures.best_cosine);
}

TEST(Baselines, RidgeSolvesItsNormalEquations) {
  const Sample sample(1);
  const auto w = fit_ridge(*sample.samples, sample.split.training, false, 30);
  const Batch b = sample.all(sample.split.training);
  const auto x = b.contexts.flatten(1);
  const auto rest = torch::matmul(x.t(), torch::matmul(x, w) - b.targets) + 30 * w;
  EXPECT_LT(rest.abs().max().item<float>(), 1e-2f);
  EXPECT_NE(find_named(sample.measure(true).figures, "ridge"), nullptr);
  EXPECT_EQ(find_named(sample.measure(false).figures, "ridge"), nullptr);
}

TEST(Baselines, ARidgeOfTooManyUnknownsIsRefused) {
  const Sample sample(30);
  EXPECT_THROW(fit_ridge(*sample.samples, sample.split.training, false, 30), UsageError);
}

TEST(FiguresText, WritesADashForWhatWasNotComputed) {
  const NamedList<double> figures{{"margin", 0.25}, {"val_cosine", 0.5}};
  EXPECT_EQ(report::figure(figures, "absent", 3), "–");
  EXPECT_EQ(report::figure(figures, "margin", 2), "+0.25");
  EXPECT_EQ(report::figure(figures, "val_cosine", 4), "0.5000");
}

TEST(FiguresText, NamesEachBaselineThatAModelDoesNotReach) {
  BaselineFigures b;
  b.figures = {{"copy_last", Figures()}, {"context_mean", Figures()}};
  b.figures[0].second.val_cosine = 0.4, b.figures[1].second.val_cosine = 0.5;
  b.best = "context_mean", b.best_cosine = 0.5;
  EXPECT_EQ(report::shortfall(b, 0.5, false), "");
  const std::string one = report::shortfall(b, 0.45, false), both = report::shortfall(b, 0.3, false);
  EXPECT_NE(one.find("worse than context_mean (0.5000), which learns"), std::string::npos) << one;
  EXPECT_NE(one.find("configs/lvm_residual.yaml"), std::string::npos) << one;
  EXPECT_NE(both.find("copy_last (0.4000), context_mean (0.5000), which learn next"), std::string::npos)
      << both;
  EXPECT_EQ(report::shortfall(b, 0.3, true).find("configs/lvm_residual.yaml"), std::string::npos);
}

}  // namespace
}  // namespace runner::lvm
