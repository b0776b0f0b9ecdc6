#include "models/lstm.h"

#include <vector>

#include "models/dropout.h"

namespace runner::lvm {

namespace {

// x [B, T, I] -> hidden states [B, T, H]; gates in PyTorch's order: input, forget, cell, output.
torch::Tensor lstm_layer(const torch::Tensor& x, const RecurrentLayer& w, const Compute& compute) {
  const auto inputs = linear(x, w.weight_ih, w.bias_ih, compute);  // all steps in one product
  const auto hidden = w.weight_hh.size(1);
  auto h = torch::zeros({x.size(0), hidden}, x.options().dtype(torch::kFloat32));
  auto c = h;
  std::vector<torch::Tensor> states;
  for (std::int64_t t = 0; t < x.size(1); ++t) {
    const auto sum = (inputs.select(1, t) + linear(h, w.weight_hh, w.bias_hh, compute)).to(torch::kFloat32);
    const auto gates = sum.chunk(4, 1);
    c = torch::sigmoid(gates[1]) * c + torch::sigmoid(gates[0]) * torch::tanh(gates[2]);
    h = torch::sigmoid(gates[3]) * torch::tanh(c);
    states.push_back(h);
  }
  return torch::stack(states, 1);
}

}  // namespace

Lstm::Lstm(const ModelSizes& s, Generator generator) : Model(s) {
  lstm_ =
      register_module("lstm", std::make_shared<Recurrent>(4, s.input_dim(), s.hidden, s.layers, generator));
  output_proj_ = register_module("output_proj", std::make_shared<Linear>(s.hidden, s.width, generator));
}

Prediction Lstm::forward(const torch::Tensor& contexts) {
  auto x = with_position(contexts);
  for (std::size_t i = 0; i < lstm_->layers.size(); ++i) {
    if (i > 0) x = drop_out(x, sizes_.dropout, is_training());
    x = lstm_layer(x, lstm_->layers[i], compute_);
  }
  x = x.select(1, x.size(1) - 1);
  return predicted(linear(x, output_proj_->weight, output_proj_->bias, compute_), contexts);
}

}  // namespace runner::lvm
