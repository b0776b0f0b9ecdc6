// The models and losses against the recorded runs of the original pipeline.

#include <gtest/gtest.h>

#include <cmath>

#include "engines/libtorch/optimizer.h"
#include "losses/loss.h"
#include "losses/recorded_recipes.h"
#include "models/parity_data.h"

namespace runner::lvm {
namespace {

class Forward : public testing::TestWithParam<const char*> {};

TEST_P(Forward, EqualsTheRecording) {
  const std::string type = GetParam();
  const auto model = parity::model(type, "init_" + type + ".npz");
  const auto batch = parity::trajectories().at("meta").at("batch").get<std::int64_t>();
  const auto contexts = parity::array(parity::arrays("batches.npz"), "context_sequences").narrow(0, 0, batch);
  const auto wanted = parity::arrays("forward_" + type + ".npz");
  const auto got = model->forward(contexts);
  EXPECT_LT((got.raw - parity::array(wanted, "raw")).abs().max().item<double>(), 1e-5);
  EXPECT_LT((got.cos - parity::array(wanted, "cos")).abs().max().item<double>(), 1e-5);
}

TEST_P(Forward, WithAddmmIsTheSameFunction) {
  const std::string type = GetParam();
  const auto model = parity::model(type, "init_" + type + ".npz");
  const auto contexts = parity::array(parity::arrays("batches.npz"), "context_sequences");
  const auto plain = model->forward(contexts).raw;
  model->set_compute({.addmm = true});
  EXPECT_TRUE(torch::allclose(model->forward(contexts).raw, plain, 1e-5, 1e-6));
}

TEST_P(Forward, InBfloat16StaysNearFloat32) {
  const std::string type = GetParam();
  const auto model = parity::model(type, "init_" + type + ".npz");
  const auto contexts = parity::array(parity::arrays("batches.npz"), "context_sequences");
  const auto plain = model->forward(contexts).cos;
  model->set_compute({.bf16 = true});
  const auto half = model->forward(contexts);
  EXPECT_EQ(half.raw.scalar_type(), torch::kFloat32);
  EXPECT_GT((half.cos - plain).abs().max().item<double>(), 0);  // it did compute in bfloat16
  EXPECT_GT((half.cos * plain).sum(-1).min().item<double>(), 0.999);
  half.raw.sum().backward();
  for (const auto& p : model->parameters()) EXPECT_EQ(p.grad().scalar_type(), torch::kFloat32);
}

INSTANTIATE_TEST_SUITE_P(Models, Forward, testing::Values("transformer", "lstm", "gru", "amn"),
                         [](const auto& info) { return std::string(info.param); });

struct Recorded {
  const char* model;
  const char* recipe;
  int close_steps;  // followed within 1e-4 relative
  bool to_the_end;  // … and within 2e-2 at the last step
};
std::ostream& operator<<(std::ostream& out, const Recorded& r) {
  return out << r.model << "/" << r.recipe;
}

class Trajectory : public testing::TestWithParam<Recorded> {};

// A part is compared wherever the recording has it, on the steps that are followed closely.
void expect_part(const Json& row, const char* name, const torch::Tensor& got, double absolute) {
  if (!row.contains(name)) return;
  ASSERT_TRUE(got.defined()) << name;
  const double wanted = row.at(name).get<double>();
  EXPECT_NEAR(got.item<double>(), wanted, 2e-3 * std::abs(wanted) + absolute)
      << name << " at step " << row.at("step");
}

TEST_P(Trajectory, FollowsTheRecording) {
  const Recorded run = GetParam();
  const Json& meta = parity::trajectories().at("meta");
  const Json& rows = parity::trajectories().at("runs").at(std::string(run.model) + "/" + run.recipe);
  const auto model = parity::model(run.model, std::string("init_") + run.model + ".npz");
  const auto data = parity::arrays("batches.npz");
  const auto batch = meta.at("batch").get<std::int64_t>(), batches = meta.at("batches").get<std::int64_t>();
  const auto options = recipes::recipe(run.recipe);
  AdamW optimizer(model->parameters(), {.lr = meta.at("lr"), .weight_decay = meta.at("weight_decay")});
  model->train();
  const std::int64_t steps = run.to_the_end ? static_cast<std::int64_t>(rows.size()) : run.close_steps;
  for (std::int64_t step = 0; step < steps; ++step) {
    const Json& row = rows.at(static_cast<std::size_t>(step));
    const auto first = (step % batches) * batch;
    const auto contexts = parity::array(data, "context_sequences").narrow(0, first, batch);
    const auto targets = parity::array(data, "target_vectors").narrow(0, first, batch);
    const auto parts = compute_loss(options, model->forward(contexts), contexts, targets, row.at("epoch"));
    const double wanted = row.at("loss"), got = parts.total.item<double>();
    if (step < run.close_steps) {
      ASSERT_NEAR(got, wanted, 1e-4 * std::abs(wanted)) << "step " << step;
      expect_part(row, "cosine", parts.cosine, 1e-4);
      expect_part(row, "loss_mse", parts.loss_mse, 0);
      expect_part(row, "loss_dir", parts.loss_dir.defined() ? parts.loss_dir : torch::zeros({}), 1e-6);
      expect_part(row, "loss_pos_floor", parts.pos_floor, 1e-5);
      expect_part(row, "loss_norm_pen", parts.norm_pen, 1e-10);
      expect_part(row, "loss_orth_pen", parts.orth_pen, 1e-4);
      expect_part(row, "rho", parts.rho, 1e-4);
      expect_part(row, "confidence_scale", parts.confidence, 1e-3);
      expect_part(row, "neg_cos_count", parts.neg_cos_count, 0);
      EXPECT_EQ(parts.rho_target, row.value("rho_target", 0.0));
      EXPECT_EQ(parts.rho_cap, row.value("rho_cap", 0.0));
    } else if (step + 1 == steps) {
      EXPECT_NEAR(got, wanted, 2e-2 * std::abs(wanted)) << "at the end";
    }
    optimizer.zero_grad();
    parts.total.backward();
    torch::nn::utils::clip_grad_norm_(optimizer.parameters, meta.at("clip").get<double>());
    optimizer.step();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Runs, Trajectory,
    testing::Values(Recorded{"transformer", "mse", 50, true}, Recorded{"transformer", "p6b_v1", 50, true},
                    Recorded{"transformer", "p6b_v21", 20, false},
                    Recorded{"transformer", "p6b_v23", 50, true}, Recorded{"lstm", "mse", 50, true},
                    Recorded{"gru", "mse", 50, true}, Recorded{"amn", "mse", 50, true}),
    [](const auto& info) { return std::string(info.param.model) + "_" + info.param.recipe; });

}  // namespace
}  // namespace runner::lvm
