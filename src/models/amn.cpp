#include "models/amn.h"

#include <cmath>

namespace runner::lvm {

Amn::Amn(const ModelSizes& s, Generator generator) : Model(s) {
  context_encoder_ =
      register_module("context_encoder", std::make_shared<Linear>(s.width, s.d_model, generator));
  query_encoder_ = register_module("query_encoder", std::make_shared<Linear>(s.width, s.d_model, generator));
  const auto net = register_module("residual_net", std::make_shared<torch::nn::Module>());
  net0_ = net->register_module("0", std::make_shared<Linear>(2 * s.width, s.hidden, generator));
  net2_ = net->register_module("2", std::make_shared<Norm>(s.hidden));
  net3_ = net->register_module("3", std::make_shared<Linear>(s.hidden, s.d_model, generator));
  net5_ = net->register_module("5", std::make_shared<Norm>(s.d_model));
  net6_ = net->register_module("6", std::make_shared<Linear>(s.d_model, s.width, generator));
}

Prediction Amn::forward(const torch::Tensor& contexts) {
  const auto apply = [this](const torch::Tensor& x, const Linear& layer) {
    return linear(x, layer.weight, layer.bias, compute_);
  };
  const auto baseline = contexts.mean(1);                            // [B, D]
  const auto keys = apply(contexts, *context_encoder_);              // [B, T, A]
  const auto query = apply(baseline, *query_encoder_).unsqueeze(2);  // [B, A, 1]
  const double scale = 1.0 / std::sqrt(static_cast<double>(sizes_.d_model));
  const auto scores = torch::matmul(keys, query).to(torch::kFloat32) * scale;  // [B, T, 1]
  const auto mixed = (torch::softmax(scores, 1) * contexts).sum(1);            // over the raw contexts
  auto x = torch::gelu(apply(torch::cat({baseline, mixed}, 1), *net0_));
  x = layer_norm(x, net2_->weight, net2_->bias);
  x = layer_norm(torch::gelu(apply(x, *net3_)), net5_->weight, net5_->bias);
  const auto output = apply(x, *net6_);
  // A residual takes the place of the model's own baseline; the query stays the mean.
  return predicted(residual() ? output : baseline + output, contexts);
}

}  // namespace runner::lvm
