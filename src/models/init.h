#pragma once
// PyTorch's default initialisation, from an explicit generator. Each function also registers what it draws,
// so that the draws follow the order of the registrations: the same seed gives the same model.

#include <torch/torch.h>

#include <string>

namespace runner::lvm {

using Generator = torch::Generator;

// A float32 tensor of `shape`, uniform in ±bound.
torch::Tensor uniform(torch::IntArrayRef shape, double bound, Generator generator);

// weight and bias of a Linear(in -> out): registered as "weight" and "bias" of a child module `name`.
struct Linear : torch::nn::Module {
  Linear(std::int64_t in, std::int64_t out, Generator generator, bool zero_bias = false);
  torch::Tensor weight, bias;
};

// LayerNorm(width): weight 1, bias 0.
struct Norm : torch::nn::Module {
  explicit Norm(std::int64_t width);
  torch::Tensor weight, bias;
};

// One layer of an LSTM (gates 4) or GRU (gates 3) under PyTorch's names weight_ih_l<k> …, uniform
// ±1/sqrt(hidden).
struct RecurrentLayer {
  torch::Tensor weight_ih, weight_hh, bias_ih, bias_hh;
};
struct Recurrent : torch::nn::Module {
  Recurrent(std::int64_t gates, std::int64_t in, std::int64_t hidden, std::int64_t layers,
            Generator generator);
  std::vector<RecurrentLayer> layers;
};

}  // namespace runner::lvm
