#pragma once
// One training step and the state it carries: forward, loss, backward, clip, AdamW. Two implementations:
// plain (libtorch's autograd, every model and device) and fused (lvm/cpu, the transformer on the CPU).

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engines/adamw.h"
#include "engines/engine_choice.h"
#include "losses/loss.h"
#include "models/model.h"

namespace runner::ranks {
class Group;
}

namespace runner::lvm {

// Everything random in step s is drawn from (seed, s) alone: a run can go on from any step without saved
// generator states.
struct StepInput {
  // Of the whole batch: with ranks each computes its share of the rows.
  torch::Tensor contexts;        // [B, T, D] float32 on the step's device, after augmentation
  torch::Tensor targets;         // [B, D]
  std::int64_t epoch0 = 0;       // from 0: picks the recipe's phase
  std::int64_t step = 1;         // from 1, counts over the whole run
  double directional_scale = 1;  // 0 after a roll-back
  double lr = AdamwOptions{}.lr;
};

struct StepOutput {
  LossParts loss;            // from before the update
  double gradient_norm = 0;  // before clipping
  bool applied = true;       // false: loss or gradients were not finite and nothing was changed
};

// A flat buffer of the state, in place: a checkpoint copies it, a resume writes it.
struct StateBuffer {
  std::string name;      // "weights", "exp_avg", "exp_avg_sq"
  torch::Tensor values;  // 1-D float32
};

struct StepOptions {
  LossOptions loss;  // from complete()
  AdamwOptions adamw;
  double clip_norm = 1;  // 0: none
  std::uint64_t seed = 42;
  // Ranks that compute a batch together; null: this process alone.
  std::shared_ptr<ranks::Group> group;
  // The most rows computed at a time: a larger share is done in pieces, with the memory of one and, but for
  // the forward pass of all pieces before the last, which is done twice, the same work. 0: all at once.
  std::int64_t piece_rows = 0;
  ProductsChoice products = ProductsChoice::fitting;
  std::string products_before;  // ProductsUsed::name of the run that goes on
  bool alone() const { return !group && piece_rows == 0; }
};

class TrainingStep {
 public:
  virtual ~TrainingStep() = default;
  virtual StepOutput run(const StepInput& input) = 0;
  // Evaluation mode, contexts as for run.
  virtual Prediction predict(const torch::Tensor& contexts) = 0;
  // No prediction for a while: memory that only they need may go.
  virtual void end_predictions() {}

  // The buffers hold the parameters in the order of model().named_parameters(), each after the other.
  virtual std::vector<StateBuffer> state() = 0;
  virtual std::int64_t updates() const = 0;  // AdamW updates done: part of the state
  // After state() buffers or the module's parameters were written from outside.
  virtual void state_changed(std::int64_t updates) = 0;

  // The module, its parameters up to date (they are views of the weights buffer).
  virtual Model& model() = 0;
  virtual std::string engine() const = 0;  // "plain", "fused"
  virtual ProductsUsed products() const { return {}; }
};

// One 64-bit seed from a run's seed, a purpose and a counter (SplitMix64).
std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t purpose, std::uint64_t counter);

// A step's figures brought from a device to the CPU, all in one read: each read waits until all its work is
// done. Returns `norm`'s value.
double read_figures(LossParts& loss, const torch::Tensor& norm);

// Moves all parameters into one flat buffer; each parameter becomes a view of it. Returns the buffer.
torch::Tensor flatten_parameters(torch::nn::Module& module);

}  // namespace runner::lvm
