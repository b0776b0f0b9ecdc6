#pragma once
// Predictions for many sequences over few vectors: the tests of 5CAT reorder and repeat the same context
// vectors, so a sequence is a row of item numbers.

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "models/model.h"

namespace runner::lvm::five_cat {

class Predictor {
 public:
  Predictor(std::shared_ptr<Model> model, torch::Device device);
  virtual ~Predictor() = default;

  // Takes vectors [M, D] float32 in; returns their item numbers [M] int64. Equal vectors get the same number.
  torch::Tensor add_items(const torch::Tensor& vectors);
  // Predictions, unit length, of sequences [N, T] of item numbers: [N, D] on the CPU.
  virtual torch::Tensor predict(const torch::Tensor& sequences);
  // Forgets all items.
  virtual void clear();

 protected:
  torch::Tensor items() const;  // [M, D] on the CPU; valid until items are added

 private:
  std::shared_ptr<Model> model_;
  torch::Device device_;
  std::int64_t width_ = 0;
  std::vector<float> values_;
  std::unordered_multimap<std::size_t, std::int64_t> by_hash_;
};

// The fastest predictor for this model as its compute is set: where the CPU engine can do it (engine_misfit),
// one that computes a shared beginning of sequences once.
std::unique_ptr<Predictor> make_predictor(std::shared_ptr<Model> model, torch::Device device);

}  // namespace runner::lvm::five_cat
