// Predictions over shared beginnings are those of the engine's forward pass over whole sequences.

#include "engines/cpu/prefix_decoder.h"

#include <gtest/gtest.h>

#include <map>

#include "engines/cpu/engine_support.h"
#include "engines/cpu/model_weights.h"

namespace runner::lvm::cpu {
namespace {

using Numbers = std::vector<Index>;

// A decoder and an engine with the same weights, and the items of some sequences.
struct Pair {
  Pair(const Shape& shape, Precision precision, const std::vector<float>& features = {})
      : engine(shape, precision), decoder(shape, precision, features), features(features) {
    change_weights(3);
  }

  void change_weights(std::uint64_t seed) {
    const auto model = make_model(sizes_of(engine.shape()), seed);
    draw_weights(*model, seed + 1);
    load_weights(dynamic_cast<const Transformer&>(*model), engine);
    load_weights(dynamic_cast<const Transformer&>(*model), decoder);
    items = torch::Tensor();
    numbers.clear();
  }

  void add_items(Index count) {
    const auto fresh = torch::randn({count, engine.shape().input});
    decoder.add_items(fresh.data_ptr<float>(), count);
    items = items.defined() ? torch::cat({items, fresh}) : fresh;
  }

  // sequences [N, T] of item numbers -> raw predictions [N, output], each beginning computed once
  torch::Tensor decode(const torch::Tensor& sequences) {
    Numbers nodes(static_cast<std::size_t>(sequences.size(0)), 0);
    for (Index t = 0; t + 1 < sequences.size(1); ++t) {
      Numbers fresh_items, fresh_parents;
      auto& known = numbers[t];
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const Index item = sequences[static_cast<Index>(i)][t].item<Index>();
        const auto [found, is_new] = known.try_emplace({nodes[i], item}, static_cast<Index>(known.size()));
        if (is_new) fresh_items.push_back(item), fresh_parents.push_back(nodes[i]);
        nodes[i] = found->second;
      }
      decoder.add_nodes(t, fresh_items.data(), fresh_parents.data(), static_cast<Index>(fresh_items.size()));
    }
    const auto last = sequences.select(1, sequences.size(1) - 1).contiguous();
    auto raw = torch::empty({sequences.size(0), engine.shape().output});
    decoder.predict(last.data_ptr<Index>(), nodes.data(), sequences.size(0), raw.data_ptr<float>());
    return raw;
  }

  torch::Tensor expected(const torch::Tensor& sequences) {
    auto contexts = items.index_select(0, sequences.reshape({-1}))
                        .view({sequences.size(0), sequences.size(1), items.size(1)});
    if (!features.empty())
      contexts = contexts + torch::tensor(features).view({1, sequences.size(1), items.size(1)});
    return run_forward(engine, contexts.contiguous(), false);
  }

  Engine engine;
  PrefixDecoder decoder;
  std::vector<float> features;
  torch::Tensor items;
  std::map<Index, std::map<std::pair<Index, Index>, Index>> numbers;
};

torch::Tensor sequences_of(const Pair& pair, Index count) {
  return torch::randint(pair.decoder.items(), {count, pair.decoder.shape().context}, torch::kInt64);
}

void expect_equal(Pair& pair, Index count, double limit) {
  const auto sequences = sequences_of(pair, count);
  EXPECT_LT(relative_error(pair.decode(sequences), pair.expected(sequences)), limit);
}

// A new decoder over `items` items.
void expect_engines_predictions(const Shape& shape, Precision precision, Index items, Index sequences,
                                double limit, const std::vector<float>& features = {}) {
  torch::manual_seed(1);
  Pair pair(shape, precision, features);
  pair.add_items(items);
  expect_equal(pair, sequences, limit);
}

TEST(PrefixDecoder, PredictsWhatTheEngineDoes) {
  expect_engines_predictions(small_shape(), Precision::fp32, 7, 50, 2e-6);
}

TEST(PrefixDecoder, MoreNodesThanOneChunk) {
  expect_engines_predictions(small_shape(), Precision::fp32, 60, 2500, 2e-6);
}

TEST(PrefixDecoder, OfTheRealSizesInBothPrecisions) {
  expect_engines_predictions(real_shape(), Precision::fp32, 5, 24, 2e-6);
  expect_engines_predictions(real_shape(), Precision::bf16, 5, 24, 2e-2);
}

TEST(PrefixDecoder, OfOneLayerAndOfOnePosition) {
  Shape one_layer = small_shape(), one_position = small_shape();
  one_layer.layers = 1;
  one_position.context = 1;
  expect_engines_predictions(one_layer, Precision::fp32, 6, 20, 2e-6);
  expect_engines_predictions(one_position, Precision::fp32, 6, 20, 2e-6);
}

TEST(PrefixDecoder, PositionsAddTheirFeatures) {
  const Shape shape = small_shape();
  std::vector<float> features(static_cast<std::size_t>(shape.context * shape.input), 0.0f);
  for (Index t = 0; t < shape.context; ++t)
    features[static_cast<std::size_t>((t + 1) * shape.input - 1)] = static_cast<float>(t);
  expect_engines_predictions(shape, Precision::fp32, 6, 20, 2e-6, features);
}

TEST(PrefixDecoder, ItemsAndNodesMayComeLater) {
  torch::manual_seed(2);
  Pair pair(small_shape(), Precision::fp32);
  for (int round = 0; round < 4; ++round) {
    pair.add_items(3 + 40 * round);
    expect_equal(pair, 30, 2e-6);
  }
}

TEST(PrefixDecoder, NewWeightsForgetWhatTheOldOnesMade) {
  torch::manual_seed(8);
  Pair pair(small_shape(), Precision::fp32);
  for (const std::uint64_t seed : {11, 12}) {
    pair.add_items(6);
    expect_equal(pair, 20, 2e-6);
    pair.change_weights(seed);
    EXPECT_EQ(pair.decoder.items(), 0);
  }
}

TEST(PrefixDecoder, ForgetsWhatItHad) {
  torch::manual_seed(7);
  Pair pair(small_shape(), Precision::fp32);
  pair.add_items(9);
  pair.decode(sequences_of(pair, 20));
  pair.decoder.clear();
  pair.items = torch::Tensor();
  pair.numbers.clear();
  pair.add_items(4);
  EXPECT_EQ(pair.decoder.items(), 4);
  expect_equal(pair, 20, 2e-6);
}

}  // namespace
}  // namespace runner::lvm::cpu
