#include "engines/cpu/engine_support.h"

namespace runner::lvm::cpu {

ModelSizes sizes_of(const Shape& shape) {
  ModelSizes sizes;
  sizes.type = ModelType::transformer;
  sizes.width = shape.output;
  sizes.d_model = shape.d_model;
  sizes.heads = shape.heads;
  sizes.layers = shape.layers;
  sizes.feedforward = shape.feedforward;
  sizes.dropout = shape.dropout;
  return sizes;
}

Shape small_shape() {
  Shape s;
  s.input = s.output = 40;
  s.d_model = 48;
  s.heads = 3;
  s.layers = 3;
  s.feedforward = 72;
  s.context = 5;
  return s;
}

Shape real_shape() {
  return Shape{};
}

void draw_weights(torch::nn::Module& model, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(seed);
  for (auto& p : model.named_parameters()) {
    if (p.value().dim() == 1) p.value().add_(0.1 * torch::randn_like(p.value()));
  }
}

torch::Tensor view(const Parameter& p, float* flat) {
  if (p.columns == 0) return torch::from_blob(flat + p.offset, {p.rows});
  return torch::from_blob(flat + p.offset, {p.rows, p.columns});
}

double relative_error(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).norm() / (b.norm() + 1e-12)).item<double>();
}

torch::Tensor run_forward(Engine& engine, const torch::Tensor& contexts, bool train, DropoutKey key) {
  const float* raw = engine.forward(contexts.data_ptr<float>(), contexts.size(0), train, key);
  return torch::from_blob(const_cast<float*>(raw), {contexts.size(0), engine.shape().output}).clone();
}

std::pair<double, std::string> worst_gradient(Engine& engine,
                                              const std::map<std::string, torch::Tensor>& expected) {
  double worst = 0;
  std::string name;
  const std::int64_t d = engine.shape().d_model;
  for (const Parameter& p : engine.layout().parameters) {
    torch::Tensor ours = view(p, engine.gradients()).clone(), theirs = expected.at(p.name).clone();
    if (p.name.find("in_proj_bias") != std::string::npos) {
      ours.slice(0, d, 2 * d).zero_();  // softmax does not feel the keys' biases: rounding alone
      theirs.slice(0, d, 2 * d).zero_();
    }
    const double error = relative_error(ours, theirs);
    if (!(error <= worst)) {
      worst = error;
      name = p.name;
    }
  }
  return {worst, name};
}

}  // namespace runner::lvm::cpu
