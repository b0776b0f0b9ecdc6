#include "models/gru.h"

#include "models/dropout.h"

namespace runner::lvm {

namespace {

// x [B, T, I] -> hidden states [B, T, H]; gates in PyTorch's order: reset, update, new.
torch::Tensor gru_layer(const torch::Tensor& x, const RecurrentLayer& w, const Compute& compute) {
  const auto inputs =
      linear(x, w.weight_ih, w.bias_ih, compute).to(torch::kFloat32);  // all steps in one product
  auto h = torch::zeros({x.size(0), w.weight_hh.size(1)}, x.options().dtype(torch::kFloat32));
  std::vector<torch::Tensor> states;
  for (std::int64_t t = 0; t < x.size(1); ++t) {
    const auto in = inputs.select(1, t).chunk(3, 1);
    const auto back = linear(h, w.weight_hh, w.bias_hh, compute).to(torch::kFloat32).chunk(3, 1);
    const auto reset = torch::sigmoid(in[0] + back[0]);
    const auto update = torch::sigmoid(in[1] + back[1]);
    const auto fresh = torch::tanh(in[2] + reset * back[2]);
    h = fresh + update * (h - fresh);
    states.push_back(h);
  }
  return torch::stack(states, 1);
}

}  // namespace

Gru::Block::Block(std::int64_t width, Generator generator) {
  gru = register_module("gru", std::make_shared<Recurrent>(3, width, width, 1, generator));
  norm = register_module("norm", std::make_shared<Norm>(width));
}

Gru::Gru(const ModelSizes& s, Generator generator) : Model(s) {
  input_proj_ = register_module("input_proj", std::make_shared<Linear>(s.input_dim(), s.d_model, generator));
  const auto list = register_module("blocks", std::make_shared<torch::nn::Module>());
  for (std::int64_t i = 0; i < s.layers; ++i)
    blocks_.push_back(
        list->register_module(std::to_string(i), std::make_shared<Block>(s.d_model, generator)));
  output_proj_ = register_module("output_proj", std::make_shared<Linear>(s.d_model, s.width, generator));
}

Prediction Gru::forward(const torch::Tensor& contexts) {
  auto x =
      linear(with_position(contexts), input_proj_->weight, input_proj_->bias, compute_).to(torch::kFloat32);
  for (const auto& block : blocks_) {
    const auto states =
        drop_out(gru_layer(x, block->gru->layers[0], compute_), sizes_.dropout, is_training());
    x = layer_norm(x + states, block->norm->weight, block->norm->bias);
  }
  x = x.select(1, x.size(1) - 1);
  return predicted(linear(x, output_proj_->weight, output_proj_->bias, compute_), contexts);
}

}  // namespace runner::lvm
