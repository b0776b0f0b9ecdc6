#pragma once
// The models: contexts [B, T, D] -> the next vector [B, D].

#include <torch/torch.h>

#include <memory>
#include <string>
#include <utility>

#include "models/linear.h"
#include "models/model_options.h"
#include "models/residual.h"

namespace runner::lvm {

struct Prediction {
  torch::Tensor raw;  // [B, D] float32
  torch::Tensor cos;  // raw / max(|raw|, 1e-12), [B, D] float32
};

// cos of a raw prediction.
Prediction normalised(const torch::Tensor& raw);

class Model : public torch::nn::Module {
 public:
  explicit Model(ModelSizes sizes) : sizes_(sizes) {}

  // contexts: [B, T, D] float32 on the model's device. Drops out in train(), not in eval(); dropout is drawn
  // from libtorch's generator of that device. In train() the positional scalar is the one of set_epoch.
  virtual Prediction forward(const torch::Tensor& contexts) = 0;

  // How products are computed; holds for inner models too.
  virtual void set_compute(const Compute& compute) { compute_ = compute; }
  const Compute& compute() const { return compute_; }

  // Epoch from 0, for the ramp of the positional scalar.
  virtual void set_epoch(std::int64_t epoch0) { epoch0_ = epoch0; }

  const ModelSizes& sizes() const { return sizes_; }

  // As sizes().residual says: registers it, and sets the output layer to zero.
  void add_residual();
  // nullptr: the model has none.
  const Residual* residual() const { return residual_.get(); }
  // What the model predicts where its last layer gives `output` [B, D] for these contexts.
  Prediction predicted(const torch::Tensor& output, const torch::Tensor& contexts) const;

 protected:
  // The contexts with the positional feature appended when the model has one: [B, T, sizes().input_dim()].
  torch::Tensor with_position(const torch::Tensor& contexts) const;

  ModelSizes sizes_;
  Compute compute_;
  std::int64_t epoch0_ = 0;
  std::shared_ptr<Residual> residual_;
};

// Builds a model of `sizes` on the CPU, its weights drawn from `generator` (a CPU generator), float32.
std::shared_ptr<Model> make_model(const ModelSizes& sizes, torch::Generator generator);
// The same from a seed.
std::shared_ptr<Model> make_model(const ModelSizes& sizes, std::uint64_t seed);

}  // namespace runner::lvm
