#pragma once
// What the engine's tests share: an engine and a model with the same weights, and comparisons by norm.

#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>

#include "engines/cpu/engine.h"
#include "models/model.h"

namespace runner::lvm::cpu {

// Sizes of the model that the engine's shape describes.
ModelSizes sizes_of(const Shape& shape);

// A small shape whose sizes are no powers of two; and the real one.
Shape small_shape();
Shape real_shape();

// Weights drawn from `seed`: biases and norms away from their starting values, so that each counts.
void draw_weights(torch::nn::Module& model, std::uint64_t seed);

// A tensor of one parameter (or gradient) of the engine: a view.
torch::Tensor view(const Parameter& p, float* flat);

// |a - b| / (|b| + tiny), over all values.
double relative_error(const torch::Tensor& a, const torch::Tensor& b);

torch::Tensor run_forward(Engine& engine, const torch::Tensor& contexts, bool train, DropoutKey key = {});

// Largest relative error of any parameter's gradient, and its name. Gradients that are zero but for rounding
// (the keys' biases) are compared with the largest one of their tensor's neighbours instead.
std::pair<double, std::string> worst_gradient(Engine& engine,
                                              const std::map<std::string, torch::Tensor>& expected);

}  // namespace runner::lvm::cpu
