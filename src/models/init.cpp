#include "models/init.h"

#include <cmath>

namespace runner::lvm {

torch::Tensor uniform(torch::IntArrayRef shape, double bound, Generator generator) {
  return torch::empty(shape, torch::kFloat32).uniform_(-bound, bound, generator);
}

Linear::Linear(std::int64_t in, std::int64_t out, Generator generator, bool zero_bias) {
  // kaiming_uniform(a = sqrt(5)) is uniform in ±1/sqrt(fan_in).
  const double bound = 1.0 / std::sqrt(static_cast<double>(in));
  weight = register_parameter("weight", uniform({out, in}, bound, generator));
  bias = register_parameter("bias", zero_bias ? torch::zeros({out}) : uniform({out}, bound, generator));
}

Norm::Norm(std::int64_t width) {
  weight = register_parameter("weight", torch::ones({width}));
  bias = register_parameter("bias", torch::zeros({width}));
}

Recurrent::Recurrent(std::int64_t gates, std::int64_t in, std::int64_t hidden, std::int64_t count,
                     Generator generator) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(hidden));
  for (std::int64_t k = 0; k < count; ++k) {
    const std::string suffix = "_l" + std::to_string(k);
    RecurrentLayer layer;
    layer.weight_ih = register_parameter("weight_ih" + suffix,
                                         uniform({gates * hidden, k == 0 ? in : hidden}, bound, generator));
    layer.weight_hh =
        register_parameter("weight_hh" + suffix, uniform({gates * hidden, hidden}, bound, generator));
    layer.bias_ih = register_parameter("bias_ih" + suffix, uniform({gates * hidden}, bound, generator));
    layer.bias_hh = register_parameter("bias_hh" + suffix, uniform({gates * hidden}, bound, generator));
    layers.push_back(layer);
  }
}

}  // namespace runner::lvm
