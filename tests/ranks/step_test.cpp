// A step of several ranks, and one in pieces, against one rank with the whole batch: real groups, a thread a
// rank.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "engines/make_step.h"
#include "engines/whole_loss.h"
#include "ranks/address.h"
#include "ranks/session.h"

namespace runner::lvm {
namespace {

ModelSizes sizes(double dropout, const std::string& residual) {
  ModelOptions o;
  o.residual = from_word<ResidualKind>(residual).value();
  o.d_model = 64;
  o.heads = 4;
  o.layers = 2;
  o.feedforward = 96;
  o.dropout = dropout;
  return model_sizes(o, 48, 5);
}

StepInput batch(std::int64_t step, std::int64_t rows) {
  const auto values = [&](double phase, std::vector<std::int64_t> shape) {
    std::int64_t count = 1;
    for (const std::int64_t n : shape) count *= n;
    const auto x =
        torch::sin(torch::arange(count, torch::kFloat32) * 1.37 + phase + static_cast<double>(step));
    const auto y = x.view(shape);
    return y / y.norm(2, -1, true);
  };
  StepInput in;
  in.contexts = values(0.1, {rows, 5, 48});
  in.targets = values(0.7, {rows, 48});
  in.step = step;
  in.lr = 1e-4;  // an update is lr times a sign where gradients are near zero: there rounding decides
  return in;
}

StepOptions options_of(const std::string& recipe) {
  LossOptions o = whole_loss(from_word<Recipe>(recipe).value());
  o.moment_weight = 0.1;
  StepOptions options;
  options.loss = complete(o);
  options.clip_norm = 0.5;  // below the norm: the whole batch's norm has to be known
  return options;
}

EngineChoice choice_of(const std::string& engine) {
  return engine == "plain" ? EngineChoice::plain : EngineChoice::fused;
}

struct Trained {
  torch::Tensor weights;
  std::vector<double> losses, norms;
};

// Batches of 7 rows, the last of 3: of 2 or 4 ranks some have fewer rows or none.
Trained train(TrainingStep& step) {
  at::set_num_threads(1);  // libtorch's pool would wait for cores that the other ranks compute on
  Trained t;
  for (std::int64_t s = 1; s <= 8; ++s) {
    const StepOutput out = step.run(batch(s, s == 8 ? 3 : 7));
    t.losses.push_back(out.loss.total.item<double>());
    t.norms.push_back(out.gradient_norm);
  }
  t.weights = step.state()[0].values.clone();
  return t;
}

std::vector<Trained> train_on_ranks(int ranks, ranks::Wire wire, const std::string& engine,
                                    const ModelSizes& model, const StepOptions& options) {
  const int socket = ranks::listen_on("127.0.0.1", 0), port = ranks::port_of(socket);
  ::close(socket);
  std::vector<Trained> results(static_cast<std::size_t>(ranks));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank)
    threads.emplace_back([&, rank] {
      ranks::Session session({rank, ranks, rank, "127.0.0.1", port, "--nproc"}, 30);
      StepOptions own = options;
      own.group = session.connect(wire, torch::kCPU);
      results[static_cast<std::size_t>(rank)] =
          train(*make_step(choice_of(engine), make_model(model, std::uint64_t{7}), own, 5, torch::kCPU));
      own.group.reset();
      session.leave();
    });
  for (std::thread& thread : threads) thread.join();
  return results;
}

double difference(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

void expect_equal(const Trained& one, const Trained& many, double tolerance) {
  EXPECT_LT(difference(many.weights, one.weights), tolerance);
  for (std::size_t i = 0; i < one.losses.size(); ++i) {
    EXPECT_NEAR(many.losses[i], one.losses[i], tolerance * std::abs(one.losses[i])) << "step " << i + 1;
    EXPECT_NEAR(many.norms[i], one.norms[i], 10 * tolerance * one.norms[i]) << "step " << i + 1;
  }
}

class RankedStep : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(RankedStep, IsThatOfOneRankWithTheWholeBatch) {
  const auto [engine, recipe, residual] = GetParam();
  // libtorch's generator is one for all threads: its draws are compared by processes (train_ranks_test).
  const ModelSizes model = sizes(std::string(engine) == "fused" ? 0.1 : 0, residual);
  const StepOptions options = options_of(recipe);
  const Trained one =
      train(*make_step(choice_of(engine), make_model(model, std::uint64_t{7}), options, 5, torch::kCPU));
  for (const int ranks : {2, 4}) {
    SCOPED_TRACE(ranks);
    const auto all = train_on_ranks(ranks, ranks::Wire::fp32, engine, model, options);
    expect_equal(one, all[0], 1e-5);
    for (const Trained& other : all) EXPECT_TRUE(torch::equal(other.weights, all[0].weights));
    if (ranks != 2) continue;
    const auto again = train_on_ranks(ranks, ranks::Wire::fp32, engine, model, options);
    EXPECT_TRUE(torch::equal(again[0].weights, all[0].weights)) << "two equal runs differ";
  }
}

TEST_P(RankedStep, InPiecesIsThatOfTheWholeBatch) {
  const auto [engine, recipe, residual] = GetParam();
  const ModelSizes model = sizes(0.1, residual);
  StepOptions options = options_of(recipe);
  const Trained one =
      train(*make_step(choice_of(engine), make_model(model, std::uint64_t{7}), options, 5, torch::kCPU));
  options.piece_rows = 3;
  expect_equal(
      one, train(*make_step(choice_of(engine), make_model(model, std::uint64_t{7}), options, 5, torch::kCPU)),
      1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    All, RankedStep,
    testing::Values(std::tuple{"fused", "mse", "none"}, std::tuple{"fused", "cosine", "learned"},
                    std::tuple{"fused", "p6b_v1", "none"}, std::tuple{"fused", "p6b_v21", "last"},
                    std::tuple{"fused", "p6b_v23", "none"}, std::tuple{"plain", "p6b_v23", "learned"}),
    [](const auto& p) {
      return std::string(std::get<0>(p.param)) + "_" + std::get<1>(p.param) + "_" + std::get<2>(p.param);
    });

TEST(RankedStep, GradientsInBf16AreCloseAndTheSameOnAllRanks) {
  const ModelSizes model = sizes(0.1, "none");
  const StepOptions options = options_of("p6b_v23");
  const auto exact = train_on_ranks(2, ranks::Wire::fp32, "fused", model, options);
  const auto rounded = train_on_ranks(2, ranks::Wire::bf16, "fused", model, options);
  EXPECT_TRUE(torch::equal(rounded[0].weights, rounded[1].weights));
  const double error = difference(rounded[0].weights, exact[0].weights);
  EXPECT_LT(error, 5e-3);
  EXPECT_GT(error, 0);
  RecordProperty("bf16_relative_difference_of_weights", std::to_string(error));
}

}  // namespace
}  // namespace runner::lvm
