#include "engines/canary.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/log.h"

namespace runner::lvm {
namespace {

// max|a - b| / max|b|; NaN when a value is none.
double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  const double height = b.abs().max().item<double>();
  return (a - b).abs().max().item<double>() / std::max(height, 1e-12);
}

// |a - b| / |b|; `floor`: what counts as no length.
double relative_length(const torch::Tensor& a, const torch::Tensor& b, double floor) {
  return (a - b).norm().item<double>() / std::max(b.norm().item<double>(), floor);
}

struct Deviation {
  double prediction = 0, loss = 0, gradient = 0;
  std::string parameter;  // whose gradient is the furthest off
};

Deviation deviation(const BatchResults& there, const BatchResults& cpu) {
  Deviation d;
  d.prediction = largest_difference(there.prediction, cpu.prediction);
  d.loss = largest_difference(there.loss, cpu.loss);
  double squares = 0;
  for (const auto& [name, gradient] : cpu.gradients) squares += gradient.square().sum().item<double>();
  // Of a gradient that is zero but for rounding nothing can be asked.
  const double floor = std::max(1e-4 * std::sqrt(squares), 1e-12);
  for (std::size_t i = 0; i < cpu.gradients.size(); ++i) {
    const auto& [name, wanted] = cpu.gradients[i];
    const double one = relative_length(there.gradients.at(i).second, wanted, floor);
    if (one <= d.gradient) continue;  // not so for NaN
    d.gradient = one;
    d.parameter = name;
    if (std::isnan(one)) break;
  }
  return d;
}

}  // namespace

CanaryBatch canary_batch(std::int64_t rows, std::int64_t context, std::int64_t width) {
  constexpr std::uint64_t seed = 137964;
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto leaning = torch::randn({width}, generator);
  return {unit(torch::randn({rows, context, width}, generator) + leaning),
          unit(torch::randn({rows, width}, generator) + leaning)};
}

BatchResults results_of(Model& model, const LossOptions& loss, bool gradients, const CanaryBatch& batch) {
  const torch::AutoGradMode remember(gradients);
  const bool was_training = model.is_training();
  model.eval();  // nothing is drawn
  const auto parameters = model.named_parameters();
  const torch::Device device = parameters.front().value().device();
  const auto contexts = batch.contexts.to(device), targets = batch.targets.to(device);
  const Prediction prediction = model.forward(contexts);
  const LossParts parts = compute_loss(loss, prediction, contexts, targets, 0);
  BatchResults results{prediction.cos.detach().cpu(), parts.total.detach().cpu(), {}};
  if (gradients) {
    const auto all = torch::autograd::grad({parts.total}, parameters.values());
    for (std::size_t i = 0; i < all.size(); ++i)
      results.gradients.emplace_back(parameters[i].key(), all[i].detach().cpu());
  }
  model.train(was_training);
  return results;
}

std::string held_against_cpu(const std::string& device, const BatchResults& there, const BatchResults& cpu,
                             const CanaryTolerance& tolerance) {
  const Deviation d = deviation(there, cpu);
  std::string figures = fmt::format("prediction {:.1e} off, loss {:.1e} (allowed {:.0e})", d.prediction,
                                    d.loss, tolerance.values);
  bool same = d.prediction <= tolerance.values && d.loss <= tolerance.values;  // false for NaN
  if (!cpu.gradients.empty()) {
    figures += fmt::format(", gradients {:.1e} (allowed {:.0e})", d.gradient, tolerance.gradients);
    same = same && d.gradient <= tolerance.gradients;
    if (!same && !d.parameter.empty()) figures += ", the most of " + d.parameter;
  }
  const std::string line =
      fmt::format("a batch of {} on {} against the CPU: {}", cpu.prediction.size(0), device, figures);
  if (same) return line;
  throw EnvironmentError(
      line +
          "; it computes wrongly without an error, and nothing of it can be trusted. Way out: "
          "device: cpu, or another version of PyTorch or of the system",
      "device " + device);
}

}  // namespace runner::lvm
