#include "models/transformer.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "cuda_kernels/functions.h"
#include "models/dropout.h"

namespace runner::lvm {

DecoderLayer::DecoderLayer(const ModelSizes& s, Generator generator) : dropout(s.dropout) {
  self_attn =
      register_module("self_attn", std::make_shared<Attention>(s.d_model, s.heads, dropout, generator));
  multihead_attn =
      register_module("multihead_attn", std::make_shared<Attention>(s.d_model, s.heads, dropout, generator));
  linear1 = register_module("linear1", std::make_shared<Linear>(s.d_model, s.feedforward, generator));
  linear2 = register_module("linear2", std::make_shared<Linear>(s.feedforward, s.d_model, generator));
  norm1 = register_module("norm1", std::make_shared<Norm>(s.d_model));
  norm2 = register_module("norm2", std::make_shared<Norm>(s.d_model));
  norm3 = register_module("norm3", std::make_shared<Norm>(s.d_model));
}

torch::Tensor DecoderLayer::forward(const torch::Tensor& x, const torch::Tensor& memory,
                                    const torch::Tensor& mask, bool last_row_only,
                                    const Compute& compute) const {
  const auto drop = [this](const torch::Tensor& t) { return drop_out(t, dropout, is_training()); };
  const auto add_norm = [&](const torch::Tensor& rest, const torch::Tensor& part, const Norm& norm) {
    if (const auto fused =
            cuda::add_norm(rest, part, norm.weight, norm.bias, next_dropout(dropout, is_training())))
      return *fused;
    return layer_norm(rest + drop(part), norm.weight, norm.bias);
  };
  // The last row may look at everything: it needs no mask.
  const auto row_mask = last_row_only ? torch::Tensor() : mask;
  auto y = last_row_only ? x.narrow(1, x.size(1) - 1, 1) : x;
  y = add_norm(y, self_attn->forward(y, x, row_mask, compute), *norm1);
  y = add_norm(y, multihead_attn->forward(y, memory, row_mask, compute), *norm2);
  const auto inner =
      relu_drop_out(linear(y, linear1->weight, linear1->bias, compute), dropout, is_training());
  return add_norm(y, linear(inner, linear2->weight, linear2->bias, compute), *norm3);
}

namespace {

// sin at even and cos at odd places: [1, max_context, width]; in float32 throughout, as PyTorch users build
// it.
torch::Tensor sinusoids(std::int64_t positions, std::int64_t width) {
  const auto place = torch::arange(positions, torch::kFloat32).unsqueeze(1);
  const auto rate = torch::exp(torch::arange(0, width, 2, torch::kFloat32) *
                               (-std::log(10000.0) / static_cast<double>(width)));
  const auto angles = place * rate;
  return torch::stack({torch::sin(angles), torch::cos(angles)}, 2)
      .reshape({1, positions, width})
      .contiguous();
}

void copy_first_layer(const std::vector<std::shared_ptr<DecoderLayer>>& layers) {
  const torch::NoGradGuard no_grad;
  const auto first = layers.front()->parameters();
  for (std::size_t i = 1; i < layers.size(); ++i) {
    const auto other = layers[i]->parameters();
    for (std::size_t p = 0; p < first.size(); ++p) other[p].copy_(first[p]);
  }
}

}  // namespace

Transformer::Transformer(const ModelSizes& s, Generator generator) : Model(s) {
  input_proj_ = register_module("input_proj", std::make_shared<Linear>(s.input_dim(), s.d_model, generator));
  const auto pos_encoder = register_module("pos_encoder", std::make_shared<torch::nn::Module>());
  position_table = pos_encoder->register_buffer("pe", sinusoids(max_context, s.d_model));
  const auto decoder = register_module("transformer_decoder", std::make_shared<torch::nn::Module>());
  const auto list = decoder->register_module("layers", std::make_shared<torch::nn::Module>());
  for (std::int64_t i = 0; i < s.layers; ++i)
    layers_.push_back(list->register_module(std::to_string(i), std::make_shared<DecoderLayer>(s, generator)));
  if (s.copied_init) copy_first_layer(layers_);
  const auto head = register_module("head", std::make_shared<torch::nn::Module>());
  head0_ = head->register_module("0", std::make_shared<Linear>(s.d_model, s.d_model, generator));
  head2_ = head->register_module("2", std::make_shared<Norm>(s.d_model));
  head3_ = head->register_module("3", std::make_shared<Linear>(s.d_model, s.width, generator));
}

torch::Tensor Transformer::causal_mask(std::int64_t steps, const torch::Device& device) {
  if (!mask_.defined() || mask_.size(0) != steps || mask_.device() != device)
    mask_ = torch::full({steps, steps}, -std::numeric_limits<float>::infinity(), torch::kFloat32)
                .triu(1)
                .to(device);
  return mask_;
}

Prediction Transformer::forward(const torch::Tensor& contexts) {
  const auto steps = contexts.size(1);
  if (steps > max_context)
    throw UsageError("a context of " + std::to_string(steps) +
                         " vectors; the transformer's position table has " + std::to_string(max_context),
                     "data.context");
  const auto mask = causal_mask(steps, contexts.device());
  const auto memory = linear(with_position(contexts), input_proj_->weight, input_proj_->bias, compute_) +
                      position_table.narrow(1, 0, steps);
  auto x = memory;
  for (std::size_t i = 0; i < layers_.size(); ++i)
    x = layers_[i]->forward(x, memory, mask, i + 1 == layers_.size(), compute_);
  x = x.select(1, x.size(1) - 1);
  x = torch::gelu(linear(x, head0_->weight, head0_->bias, compute_));
  x = layer_norm(x, head2_->weight, head2_->bias);
  return predicted(linear(x, head3_->weight, head3_->bias, compute_), contexts);
}

}  // namespace runner::lvm
