// Gradients are handed over in buckets while the backward pass goes on.
#include "engines/gradient_buckets.h"

#include <gtest/gtest.h>

#include "engines/step.h"

namespace runner::lvm {
namespace {

// Layers of 6 x 6 + 6 values, one after the other.
struct Chain : torch::nn::Module {
  explicit Chain(int layers) {
    for (int i = 0; i < layers; ++i)
      list.push_back(register_module("l" + std::to_string(i), torch::nn::Linear(6, 6)));
    gradients = torch::zeros_like(flatten_parameters(*this));
    std::int64_t at = 0;
    for (auto& p : parameters()) {
      p.mutable_grad() = gradients.narrow(0, at, p.numel()).view(p.sizes());
      at += p.numel();
    }
  }
  torch::Tensor loss() {
    torch::Tensor x = torch::ones({3, 6});
    for (auto& layer : list) x = torch::tanh(layer(x));
    return x.square().sum();
  }
  std::vector<torch::nn::Linear> list;
  torch::Tensor gradients;
};

// What was handed over: where it began, what it held then, and what the whole buffer held.
struct Given {
  std::int64_t begin = 0;
  torch::Tensor values, all;
};

struct Recorder {
  explicit Recorder(Chain& chain)
      : buckets(chain.parameters(), chain.gradients, {4, 50}, [this, &chain](const torch::Tensor& b) {
          given.push_back({b.storage_offset(), b.clone(), chain.gradients.clone()});
        }) {}
  std::vector<Given> given;
  GradientBuckets buckets;
};

// From the end to the beginning without gaps, each from a multiple of 4 and of 50 to 53 elements but for the
// last.
void expect_whole(const std::vector<Given>& given, std::int64_t count) {
  std::int64_t end = count;
  for (const Given& g : given) {
    EXPECT_EQ(g.begin + g.values.numel(), end);
    EXPECT_EQ(g.begin % 4, 0);
    if (g.begin > 0) {
      EXPECT_GE(g.values.numel(), 50);
      EXPECT_LT(g.values.numel(), 54);
    }
    end = g.begin;
  }
  EXPECT_EQ(end, 0);
}

TEST(GradientBuckets, AreFinalWhenTheyAreHandedOverAndTheRestIsStillComputed) {
  Chain chain(5);
  Recorder recorder(chain);
  recorder.buckets.arm();
  chain.loss().backward();
  recorder.buckets.finish();
  expect_whole(recorder.given, chain.gradients.numel());
  for (const Given& g : recorder.given)
    EXPECT_TRUE(torch::equal(g.values, chain.gradients.narrow(0, g.begin, g.values.numel()))) << g.begin;
  ASSERT_GE(recorder.given.size(), 4u);
  EXPECT_EQ(recorder.given[0].all.narrow(0, 0, 42).abs().sum().item<float>(), 0) << "the first layer's";
  EXPECT_GT(chain.gradients.narrow(0, 0, 42).abs().sum().item<float>(), 0);
}

TEST(GradientBuckets, AreTheSameOnesWithoutABackwardPass) {
  Chain chain(5);
  Recorder recorder(chain);
  recorder.buckets.arm();
  chain.loss().backward();
  recorder.buckets.finish();
  const std::vector<Given> computed = recorder.given;
  recorder.given.clear();
  recorder.buckets.finish();
  ASSERT_EQ(recorder.given.size(), computed.size());
  for (std::size_t i = 0; i < computed.size(); ++i) EXPECT_EQ(recorder.given[i].begin, computed[i].begin);
}

TEST(GradientBuckets, StayUntilTheyAreArmed) {
  Chain chain(5);
  Recorder recorder(chain);
  chain.loss().backward();
  EXPECT_TRUE(recorder.given.empty());
  recorder.buckets.arm();
  chain.loss().backward();  // adds to what is there
  recorder.buckets.finish();
  expect_whole(recorder.given, chain.gradients.numel());
  for (const Given& g : recorder.given)
    EXPECT_TRUE(torch::equal(g.values, chain.gradients.narrow(0, g.begin, g.values.numel()))) << g.begin;
}

}  // namespace
}  // namespace runner::lvm
