// The engine's update and its promises: repeatable, independent of batch size and number of threads.

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/error.h"
#include "engines/cpu/engine_support.h"
#include "engines/cpu/model_weights.h"
#include "threads/team.h"

namespace runner::lvm::cpu {
namespace {

void start(Engine& engine, std::uint64_t seed) {
  const auto model = make_model(sizes_of(engine.shape()), seed);
  draw_weights(*model, seed + 1);
  load_weights(dynamic_cast<const Transformer&>(*model), engine);
}

std::vector<float> values(const float* data, std::int64_t n) {
  return {data, data + n};
}

// Some steps of training; returns the weights.
std::vector<float> train(Engine& engine, int steps, std::uint64_t seed) {
  start(engine, 7);
  torch::manual_seed(8);
  const auto contexts = torch::randn({6, engine.shape().context, engine.shape().input});
  const auto target = torch::randn({6, engine.shape().output});
  for (int s = 1; s <= steps; ++s) {
    const auto raw = run_forward(engine, contexts, true, {seed, static_cast<std::uint64_t>(s)});
    const auto gradient = (2.0 / raw.numel() * (raw - target)).contiguous();
    engine.backward(gradient.data_ptr<float>());
    engine.adamw_step({}, s);
  }
  return values(engine.parameters(), engine.layout().total);
}

TEST(Engine, UpdateIsPyTorchsAdamWWithClipping) {
  Engine engine(small_shape(), Precision::fp32);
  start(engine, 1);
  std::vector<torch::Tensor> parameters;
  for (const Parameter& p : engine.layout().parameters)
    parameters.push_back(view(p, engine.parameters()).clone().requires_grad_(true));
  torch::optim::AdamW adamw(parameters, torch::optim::AdamWOptions(5e-3).weight_decay(0.1));
  for (int step = 1; step <= 5; ++step) {
    const double size = step == 3 ? 1e-4 : 1.0;  // the third is not clipped
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      parameters[i].mutable_grad() = size * torch::randn_like(parameters[i]);
      view(engine.layout().parameters[i], engine.gradients()).copy_(parameters[i].grad());
    }
    const double norm = torch::nn::utils::clip_grad_norm_(parameters, 1.0);
    adamw.step();
    UpdateOptions options;
    options.lr = 5e-3;
    options.weight_decay = 0.1;
    EXPECT_NEAR(engine.adamw_step(options, step), norm, 1e-5 * norm);
  }
  for (std::size_t i = 0; i < parameters.size(); ++i)
    EXPECT_LT(
        relative_error(view(engine.layout().parameters[i], engine.parameters()), parameters[i].detach()),
        1e-6);
}

TEST(Engine, GradientScaleActsBeforeClipping) {
  Engine engine(small_shape(), Precision::fp32);
  start(engine, 1);
  engine.gradients()[0] = 3;
  engine.gradients()[1] = 4;
  UpdateOptions options;
  options.gradient_scale = 0.5;
  EXPECT_NEAR(engine.adamw_step(options, 1), 2.5, 1e-6);
  EXPECT_NEAR(engine.first_moments()[1], 0.1 * 0.8, 1e-6);  // (1 - beta1) * 4 / |g|
}

TEST(Engine, NonFiniteGradientChangesNothing) {
  Engine engine(small_shape(), Precision::fp32);
  start(engine, 2);
  const auto before = values(engine.parameters(), engine.layout().total);
  engine.gradients()[5] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(std::isfinite(engine.adamw_step({}, 1)));
  EXPECT_EQ(before, values(engine.parameters(), engine.layout().total));
  EXPECT_EQ(engine.second_moments()[5], 0.0f);
}

TEST(Engine, SameSeedGivesSameBits) {
  Shape shape = small_shape();
  shape.dropout = 0.2;
  Engine a(shape, Precision::fp32), b(shape, Precision::fp32);
  const auto first = train(a, 4, 21), second = train(b, 4, 21);
  EXPECT_EQ(0, std::memcmp(first.data(), second.data(), first.size() * sizeof(float)));
  Engine c(shape, Precision::fp32);
  EXPECT_NE(first, train(c, 4, 22));
}

// So wide that a thread packs the columns of a product in several parts, more or fewer.
TEST(Engine, SameSeedGivesSameBitsWhateverTheThreads) {
  Shape shape = small_shape();
  shape.d_model = 96;
  shape.feedforward = 2080;
  shape.dropout = 0.2;
  const int threads = team::size();
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    std::vector<std::vector<float>> trained;
    for (const int n : {1, 2, 3, 5}) {
      team::resize(n);
      Engine engine(shape, precision);
      trained.push_back(train(engine, 3, 21));
      EXPECT_EQ(trained.back(), trained.front()) << n << " threads";
    }
  }
  team::resize(threads);
}

TEST(Engine, RowsDoNotDependOnTheirBatch) {
  Engine engine(small_shape(), Precision::fp32);
  start(engine, 5);
  const auto contexts = torch::randn({600, 5, small_shape().input});  // more than one evaluation chunk
  const auto all = run_forward(engine, contexts, false);
  for (const std::int64_t row : {0, 255, 256, 599}) {
    const auto one = run_forward(engine, contexts.slice(0, row, row + 1).contiguous(), false);
    EXPECT_LT(relative_error(one[0], all[row]), 1e-5) << row;
  }
}

TEST(Engine, EvaluationDropsNothingAndLeavesTrainingAlone) {
  Shape shape = small_shape();
  shape.dropout = 0.5;
  Engine engine(shape, Precision::fp32);
  start(engine, 6);
  const auto contexts = torch::randn({4, 5, shape.input});
  const auto quiet = run_forward(engine, contexts, false, {1, 1});
  EXPECT_TRUE(torch::equal(quiet, run_forward(engine, contexts, false, {2, 2})));
  const auto direction = torch::ones({4, shape.output});
  EXPECT_GT(relative_error(run_forward(engine, contexts, true, {1, 1}), quiet), 1e-2);
  engine.backward(direction.data_ptr<float>());
  const auto plain = values(engine.gradients(), engine.layout().total);
  run_forward(engine, contexts, true, {1, 1});
  run_forward(engine, torch::randn({9, 5, shape.input}), false);
  engine.backward(direction.data_ptr<float>());
  EXPECT_EQ(plain, values(engine.gradients(), engine.layout().total));
}

TEST(Engine, SmallerBatchAfterALargerOneIsRight) {
  Shape shape = small_shape();
  shape.dropout = 0;
  Engine engine(shape, Precision::fp32), fresh(shape, Precision::fp32);
  start(engine, 6);
  start(fresh, 6);
  const auto big = torch::randn({20, 5, shape.input}), small = torch::randn({3, 5, shape.input});
  const auto ones = torch::ones({20, shape.output});
  run_forward(engine, big, true);
  engine.backward(ones.data_ptr<float>());
  const auto a = run_forward(engine, small, true), b = run_forward(fresh, small, true);
  engine.backward(ones.data_ptr<float>());
  fresh.backward(ones.data_ptr<float>());
  EXPECT_TRUE(torch::equal(a, b));
  EXPECT_EQ(values(engine.gradients(), engine.layout().total),
            values(fresh.gradients(), fresh.layout().total));
}

TEST(Engine, SizesThatDoNotFitAreRefused) {
  Shape shape = small_shape();
  shape.heads = 5;
  EXPECT_THROW(Engine(shape, Precision::fp32), UsageError);
  EXPECT_THROW(Engine(small_shape(), Precision::bf16), UsageError);  // d_model 48
  EXPECT_THROW(Engine(small_shape(), Precision::fp32).backward(nullptr), RunError);
}

}  // namespace
}  // namespace runner::lvm::cpu
