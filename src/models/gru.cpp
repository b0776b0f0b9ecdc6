#include "models/gru.h"

#include "models/dropout.h"
#include "models/recurrence.h"

namespace runner::lvm {

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
