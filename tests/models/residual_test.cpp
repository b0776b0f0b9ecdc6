// model.residual: what the output is added to, for every model.

#include "models/residual.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "models/model.h"
#include "models/model_config.h"
#include "models/model_file.h"
#include "models/state_dict.h"

namespace runner::lvm {
namespace {

constexpr std::int64_t kWidth = 12, kContext = 5;

ModelSizes sizes(const std::string& type, const std::string& residual, double positional_scalar = 0) {
  ModelOptions o;
  o.type = from_word<ModelType>(type).value();
  o.residual = from_word<ResidualKind>(residual).value();
  o.positional_scalar = positional_scalar;
  o.dropout = 0;
  if (type == "transformer") o.d_model = 16, o.heads = 4, o.layers = 2;
  if (type == "lstm" || type == "amn") o.hidden = 10;
  return model_sizes(o, kWidth, kContext);
}

// What each kind stands for at the start.
torch::Tensor expected_base(const std::string& kind, const torch::Tensor& contexts) {
  return kind == "last" ? contexts.select(1, kContext - 1) : contexts.mean(1);
}

class ResidualOf : public testing::TestWithParam<const char*> {};

TEST_P(ResidualOf, StartsAsItsBaseline) {
  const auto x = torch::randn({4, kContext, kWidth});
  for (const char* kind : {"last", "mean", "learned"}) {
    const auto model = make_model(sizes(GetParam(), kind), std::uint64_t{1});
    EXPECT_TRUE(torch::allclose(model->forward(x).raw, expected_base(kind, x), 1e-5, 1e-6)) << kind;
  }
}

// The same weights in a model without a residual give the output that is added.
TEST_P(ResidualOf, AddsTheOutputToTheBase) {
  const auto x = torch::randn({4, kContext, kWidth});
  for (const std::string kind : {"last", "mean", "learned"}) {
    const auto model = make_model(sizes(GetParam(), kind), std::uint64_t{1});
    const auto plain = make_model(sizes(GetParam(), "none"), std::uint64_t{1});
    const torch::NoGradGuard no_grad;
    auto values = state_dict(*plain);
    torch::Tensor base = expected_base(kind, x);
    if (kind == "learned") {
      const auto weights = torch::randn({kContext});
      values.emplace_back("residual.weights", weights);
      base = (torch::softmax(weights, 0).view({1, kContext, 1}) * x).sum(1);
    }
    load_state_dict(*model, values, "test");
    torch::Tensor output = plain->forward(x).raw;
    if (std::string(GetParam()) == "amn") output = output - x.mean(1);  // its own baseline: replaced
    EXPECT_TRUE(torch::allclose(model->forward(x).raw, base + output, 1e-4, 1e-5)) << kind;
  }
}

TEST_P(ResidualOf, IsInTheStateDictOnlyWhereItHasWeights) {
  const auto plain = state_dict(*make_model(sizes(GetParam(), "none"), std::uint64_t{1}));
  for (const char* kind : {"last", "mean"})
    EXPECT_EQ(state_dict(*make_model(sizes(GetParam(), kind), std::uint64_t{1})).size(), plain.size());
  const auto learned = state_dict(*make_model(sizes(GetParam(), "learned"), std::uint64_t{1}));
  ASSERT_EQ(learned.size(), plain.size() + 1);
  EXPECT_EQ(learned.back().first, "residual.weights");
  EXPECT_EQ(learned.back().second.sizes(), torch::IntArrayRef({kContext}));
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(learned[i].first, plain[i].first);
}

TEST_P(ResidualOf, ComesBackFromItsModelConfig) {
  for (const char* kind : {"none", "last", "mean", "learned"}) {
    const Json config = model_config(sizes(GetParam(), kind));
    EXPECT_EQ(config.contains("residual"), std::string(kind) != "none");
    const ModelSizes again = sizes_from_config(GetParam(), config, "x");
    EXPECT_EQ(to_word(again.residual), kind);
    EXPECT_EQ(model_config(again), config);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ResidualOf, testing::Values("transformer", "lstm", "gru", "amn"),
                         [](const auto& type) { return std::string(type.param); });

TEST(Residual, ItsGradientIsThatOfTheSoftmaxWeightedMean) {
  Residual residual(ResidualKind::learned, kContext);
  const torch::Tensor start = torch::randn({kContext});
  const auto x = torch::randn({7, kContext, kWidth}), direction = torch::randn({7, kWidth});
  const auto value = [&](const torch::Tensor& weights) {
    const torch::NoGradGuard no_grad;
    return (torch::softmax(weights.to(torch::kFloat64), 0).view({1, kContext, 1}) * x)
        .sum(1)
        .mul(direction)
        .sum()
        .item<double>();
  };
  {
    const torch::NoGradGuard no_grad;
    residual.weights.copy_(start);
  }
  (residual.base(x) * direction).sum().backward();
  for (std::int64_t t = 0; t < kContext; ++t) {
    constexpr double h = 1e-3;
    auto up = start.clone(), down = start.clone();
    up[t] += h, down[t] -= h;
    EXPECT_NEAR(residual.weights.grad()[t].item<double>(), (value(up) - value(down)) / (2 * h), 1e-3) << t;
  }
}

TEST(Residual, SharesAddUpToOne) {
  EXPECT_TRUE(torch::equal(Residual(ResidualKind::last, 0).shares(3), torch::tensor({0.0f, 0.0f, 1.0f})));
  EXPECT_TRUE(torch::allclose(Residual(ResidualKind::mean, 0).shares(4), torch::full({4}, 0.25)));
  EXPECT_TRUE(torch::allclose(Residual(ResidualKind::learned, 4).shares(4), torch::full({4}, 0.25)));
}

TEST(Residual, LearntWeightsRefuseContextsOfAnotherLength) {
  const auto model = make_model(sizes("gru", "learned"), std::uint64_t{1});
  EXPECT_THROW(model->forward(torch::randn({2, kContext + 1, kWidth})), UsageError);
  EXPECT_THROW(Residual(ResidualKind::learned, 0), UsageError);
}

TEST(Residual, BaseIsOfTheVectorsWithoutThePositionalFeature) {
  const auto x = torch::randn({4, kContext, kWidth});
  for (const char* type : {"transformer", "lstm", "gru"}) {
    const auto model = make_model(sizes(type, "mean", 0.5), std::uint64_t{1});
    EXPECT_TRUE(torch::allclose(model->forward(x).raw, x.mean(1), 1e-5, 1e-6)) << type;
  }
}

TEST(Residual, OtherDrawsOfTheSeedStayAsTheyWere) {
  const auto plain = state_dict(*make_model(sizes("transformer", "none"), std::uint64_t{3}));
  const auto with = state_dict(*make_model(sizes("transformer", "learned"), std::uint64_t{3}));
  for (std::size_t i = 0; i + 2 < plain.size(); ++i)
    EXPECT_TRUE(torch::equal(plain[i].second, with[i].second)) << plain[i].first;
}

TEST(Residual, ConflictsWithResidualNext) {
  for (const char* kind : {"last", "mean", "learned", "none"}) {
    ModelOptions o;
    o.residual = from_word<ResidualKind>(kind).value();
    o.residual_next = true;
    const auto problems = check(o);
    ASSERT_EQ(problems.size(), std::string(kind) == "none" ? 0u : 1u) << kind;
    if (!problems.empty()) {
      EXPECT_EQ(problems[0].key, "model.residual");
    }
  }
}

TEST(Residual, AnOddKindInAFileIsNamed) {
  Json config = model_config(sizes("lstm", "learned"));
  for (const Json& odd : {Json("first"), Json(true), Json(nullptr)}) {
    config["residual"] = odd;
    EXPECT_THROW(sizes_from_config("lstm", config, "old.pt"), DataError) << odd;
  }
  config["residual"] = "learned";
  config.erase("context");
  EXPECT_THROW(sizes_from_config("lstm", config, "old.pt"), DataError);
}

TEST(Residual, WeightsOfAModelWithAnotherResidualAreNoStart) {
  ModelFile file;
  file.sizes = sizes("transformer", "last");
  file.weights = state_dict(*make_model(file.sizes, std::uint64_t{1}));
  const auto model = make_model(sizes("transformer", "mean"), std::uint64_t{1});
  try {
    load_weights(*model, file, "--init x.pt");
    FAIL() << "taken";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("--set model.residual=last"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace runner::lvm
