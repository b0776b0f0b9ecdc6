#include "models/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "models/model_config.h"
#include "models/model_file.h"
#include "models/state_dict.h"
#include "models/transformer.h"
#include "models/unit_vectors.h"

namespace runner::lvm {
namespace {

ModelOptions options(const char* type) {
  ModelOptions o;
  o.type = from_word<ModelType>(type).value();
  return o;
}
ModelOptions small_transformer() {
  auto o = options("transformer");
  o.d_model = 16, o.heads = 4, o.layers = 3, o.feedforward = 32, o.dropout = 0.0;
  return o;
}
torch::Tensor value_of(const torch::nn::Module& m, const std::string& name) {
  for (const auto& [key, value] : state_dict(m))
    if (key == name) return value;
  throw std::runtime_error(name);
}

TEST(Model, SizesOfTheStandardModelsAt768) {
  EXPECT_EQ(parameter_count(*make_model(model_sizes(options("transformer"), 768), 1)), 17867520);
  EXPECT_EQ(parameter_count(*make_model(model_sizes(options("amn"), 768), 1)), 1510912);
}

TEST(Model, StateDictHasPytorchsNamesInPytorchsOrder) {
  const auto names = [](const char* type) {
    std::vector<std::string> out;
    for (const auto& [key, v] : state_dict(*make_model(model_sizes(options(type), 24), 1)))
      out.push_back(key);
    return out;
  };
  const auto t = names("transformer");
  ASSERT_EQ(t.size(), 3 + 4 * 18 + 6u);
  EXPECT_EQ(t[2], "pos_encoder.pe");
  EXPECT_EQ(t[3], "transformer_decoder.layers.0.self_attn.in_proj_weight");
  EXPECT_EQ(t[6], "transformer_decoder.layers.0.self_attn.out_proj.bias");
  EXPECT_EQ(t.back(), "head.3.bias");
  EXPECT_EQ(names("lstm")[4], "lstm.weight_ih_l1");
  EXPECT_EQ(names("gru")[6], "blocks.0.norm.weight");
  EXPECT_EQ(names("amn")[4], "residual_net.0.weight");
}

TEST(Model, InitialisationFollowsPytorchsBounds) {
  const auto m = make_model(model_sizes(options("transformer"), 768), 3);
  const auto expect_uniform = [&](const std::string& name, double bound) {
    const auto w = value_of(*m, name);
    EXPECT_LE(w.abs().max().item<double>(), bound) << name;
    EXPECT_NEAR(w.std().item<double>(), bound / std::sqrt(3.0), 0.01 * bound) << name;
  };
  expect_uniform("input_proj.weight", 1 / std::sqrt(768.0));
  expect_uniform("transformer_decoder.layers.1.self_attn.in_proj_weight", std::sqrt(6.0 / 2048));
  expect_uniform("transformer_decoder.layers.1.linear2.weight", 1 / std::sqrt(2048.0));
  EXPECT_EQ(
      value_of(*m, "transformer_decoder.layers.1.multihead_attn.in_proj_bias").abs().max().item<double>(), 0);
  EXPECT_EQ(value_of(*m, "transformer_decoder.layers.1.self_attn.out_proj.bias").abs().max().item<double>(),
            0);
  EXPECT_EQ(value_of(*m, "head.2.weight").min().item<double>(), 1);
}

TEST(Model, LayersAreDrawnIndependentlyOrCopied) {
  const auto same_layers = [](LayerInit init) {
    auto o = small_transformer();
    o.init = init;
    const auto m = make_model(model_sizes(o, 8), 5);
    return torch::equal(value_of(*m, "transformer_decoder.layers.0.linear1.weight"),
                        value_of(*m, "transformer_decoder.layers.2.linear1.weight"));
  };
  EXPECT_FALSE(same_layers(LayerInit::independent));
  EXPECT_TRUE(same_layers(LayerInit::copied));
}

TEST(Model, TheSeedDecidesTheWeights) {
  const auto weights = [](std::uint64_t seed) {
    return value_of(*make_model(model_sizes(small_transformer(), 8), seed), "head.3.weight").clone();
  };
  EXPECT_TRUE(torch::equal(weights(1), weights(1)));
  EXPECT_FALSE(torch::equal(weights(1), weights(2)));
}

TEST(Model, DropoutFollowsLibtorchsSeedAndStopsInEval) {
  auto o = small_transformer();
  o.dropout = 0.5;
  const auto m = make_model(model_sizes(o, 8), 1);
  const auto x = torch::randn({4, 5, 8});
  const auto drawn = [&](std::uint64_t seed) {
    torch::manual_seed(seed);
    return m->forward(x).raw;
  };
  m->train();
  EXPECT_TRUE(torch::equal(drawn(1), drawn(1)));
  EXPECT_FALSE(torch::equal(drawn(1), drawn(2)));
  m->eval();
  EXPECT_TRUE(torch::equal(drawn(1), drawn(2)));
}

TEST(Model, AllParametersGetAGradient) {
  for (const char* type : {"transformer", "lstm", "gru", "amn"}) {
    const auto m = make_model(model_sizes(options(type), 12), 1);
    m->forward(torch::randn({3, 5, 12})).raw.square().sum().backward();
    for (const auto& p : m->named_parameters())
      EXPECT_TRUE(p.value().grad().defined()) << type << " " << p.key();
  }
}

TEST(Model, ResidualNextStepsFromTheLastVector) {
  auto o = small_transformer();
  const auto x = torch::randn({4, 5, 8});
  const auto base = make_model(model_sizes(o, 8), 7);
  o.residual_next = true;
  const auto m = make_model(model_sizes(o, 8), 7);
  EXPECT_EQ(state_dict(*m)[0].first, "alpha");
  EXPECT_EQ(state_dict(*m)[1].first, "base.input_proj.weight");
  const auto raw = unit(x.select(1, 4)) + 0.5 * base->forward(x).cos;
  EXPECT_TRUE(torch::allclose(m->forward(x).raw, raw, 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(m->forward(x).cos, unit(raw), 1e-5, 1e-6));
}

TEST(Model, PositionalScalarWidensTheInputAndRampsInTrainingOnly) {
  auto o = small_transformer();
  o.positional_scalar = 2.0;
  const auto m = make_model(model_sizes(o, 8), 7);
  EXPECT_EQ(value_of(*m, "input_proj.weight").size(1), 9);
  const auto x = torch::randn({2, 5, 8});
  m->eval();
  const auto full = m->forward(x).raw;
  m->train();
  m->set_epoch(0);
  EXPECT_FALSE(torch::allclose(m->forward(x).raw, full));
  m->set_epoch(3);
  EXPECT_TRUE(torch::allclose(m->forward(x).raw, full));
  EXPECT_DOUBLE_EQ(ramped_scalar(m->sizes(), 1), 2.0 / 3);
}

TEST(Model, LoadingNamesWhatDoesNotFit) {
  const auto m = make_model(model_sizes(small_transformer(), 8), 1);
  auto values = state_dict(*m);
  values[0].second = torch::zeros({3, 3});
  values[1].first = "surprise";
  try {
    load_state_dict(*m, values, "x.pt");
    FAIL() << "accepted";
  } catch (const DataError& e) {
    const std::string line = e.line();
    EXPECT_NE(line.find("x.pt"), std::string::npos);
    EXPECT_NE(line.find("input_proj.weight is [3, 3]; expected [16, 8]"), std::string::npos) << line;
    EXPECT_NE(line.find("missing input_proj.bias"), std::string::npos) << line;
    EXPECT_NE(line.find("unexpected surprise"), std::string::npos) << line;
  }
}

TEST(Model, WeightsOfOtherSizesNameAFewEntriesAndTheKeysThatFit) {
  auto sizes = model_sizes(small_transformer(), 8);
  ModelFile file;
  file.sizes = sizes;
  file.sizes.d_model = 2 * sizes.d_model;
  file.sizes.layers = sizes.layers + 1;
  file.weights = state_dict(*make_model(file.sizes, 1));
  const auto m = make_model(sizes, 1);
  try {
    load_weights(*m, file, "--init x.pt");
    FAIL() << "accepted";
  } catch (const UsageError& e) {
    const std::string line = e.line();
    EXPECT_EQ(line.find("--init x.pt: the weights do not fit the model:"), 0u) << line;
    EXPECT_NE(line.find(" more, "), std::string::npos) << line;
    EXPECT_NE(line.find("\nto fit the file: --set model.d_model=32 --set model.layers=4"), std::string::npos)
        << line;
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 6) << line;
  }
}

TEST(Model, WeightsForVectorsOfAnotherWidthSaySo) {
  ModelFile file;
  file.sizes = model_sizes(small_transformer(), 8);
  file.weights = state_dict(*make_model(file.sizes, 1));
  const auto m = make_model(model_sizes(small_transformer(), 12), 1);
  try {
    load_weights(*m, file, "x.pt");
    FAIL() << "accepted";
  } catch (const UsageError& e) {
    EXPECT_NE(e.line().find("the file is for vectors of width 8, the data's are 12 wide"), std::string::npos)
        << e.line();
  }
}

TEST(Model, WeightsOfAnotherTypeOrNumberOfHeadsAreRefused) {
  ModelFile file;
  file.sizes = model_sizes(small_transformer(), 8);
  file.weights = state_dict(*make_model(file.sizes, 1));
  auto sizes = file.sizes;
  sizes.heads = 2 * file.sizes.heads;
  const auto message = [&](ModelType type) {
    file.sizes.type = type;
    try {
      load_weights(*make_model(sizes, 1), file, "x.pt");
    } catch (const UsageError& e) {
      return e.line();
    }
    return std::string("accepted");
  };
  const std::string heads = std::to_string(file.sizes.heads);
  EXPECT_NE(message(ModelType::transformer).find("--set model.heads=" + heads), std::string::npos);
  EXPECT_EQ(message(ModelType::gru), "x.pt: holds a gru, the configuration wants a transformer");
}

TEST(Model, WeightsThatAreNoNumbersAreADataError) {
  ModelFile file;
  file.path = "x.pt";
  file.sizes = model_sizes(small_transformer(), 8);
  file.weights = state_dict(*make_model(file.sizes, 1));
  auto& [name, values] = file.weights[3];
  values = values.clone();
  values.view({-1})[0] = std::numeric_limits<float>::quiet_NaN();
  const auto refused = [&](const auto& load) {
    try {
      load();
      ADD_FAILURE() << "accepted";
    } catch (const DataError& e) {
      EXPECT_EQ(e.line(), "x.pt: " + name + " holds NaN or Inf: these weights are of no use");
    }
  };
  refused([&] { load_weights(*make_model(file.sizes, 1), file, "x.pt"); });
  refused([&] { load_model(file); });
}

TEST(Model, WeightsThatContradictTheirOwnSizesAreADataError) {
  ModelFile file;
  file.sizes = model_sizes(small_transformer(), 8);
  file.weights = state_dict(*make_model(file.sizes, 1));
  file.weights.pop_back();
  EXPECT_THROW(load_weights(*make_model(file.sizes, 1), file, "x.pt"), DataError);
}

TEST(Model, AContextBeyondThePositionTableIsRefused) {
  const auto m = make_model(model_sizes(small_transformer(), 8), 1);
  EXPECT_NO_THROW(m->forward(torch::zeros({1, 100, 8})));
  EXPECT_THROW(m->forward(torch::zeros({1, 101, 8})), UsageError);
}

TEST(ModelConfig, SurvivesWritingAndReadingForEveryType) {
  for (const char* type : {"transformer", "lstm", "gru", "amn"}) {
    auto o = options(type);
    o.residual_next = true;
    const auto sizes = model_sizes(o, 24);
    const auto config = model_config(sizes);
    EXPECT_EQ(model_config(sizes_from_config(type, config, "x")), config) << type;
  }
}

TEST(ModelConfig, NamesTheKeyThatIsMissing) {
  auto config = model_config(model_sizes(options("transformer"), 24));
  config.erase("nhead");
  try {
    sizes_from_config("transformer", config, "old.pt");
    FAIL() << "accepted";
  } catch (const DataError& e) {
    EXPECT_NE(e.line().find("old.pt: model_config.nhead is missing"), std::string::npos) << e.line();
  }
}

}  // namespace
}  // namespace runner::lvm
