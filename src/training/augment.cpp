#include "training/augment.h"

#include <ATen/CPUGeneratorImpl.h>

#include "models/unit_vectors.h"

namespace runner::lvm {

void corrupt_last_slot(torch::Tensor& contexts, const AugmentOptions& options,
                       const std::optional<torch::Generator>& generator) {
  if (options.probability == 0) return;
  const auto rows = contexts.size(0), steps = contexts.size(1);
  auto last = contexts.select(1, steps - 1);  // a view: written in place
  const auto source = generator ? *generator : at::globalContext().defaultGenerator(contexts.device());
  const auto plain = last.options().dtype(torch::kFloat32);
  const auto corrupted = torch::rand({rows, 1}, source, plain) < options.probability;
  const auto swapped = torch::rand({rows, 1}, source, plain) < options.swap;
  const auto noise = torch::randn(last.sizes(), source, plain);
  const auto noisy = unit(last + options.sigma * noise);
  const auto before = steps > 1 ? contexts.select(1, steps - 2) : last;
  last.copy_(torch::where(corrupted, torch::where(swapped, before, noisy), last));
}

torch::Generator seeded_generator(const torch::Device& device, std::uint64_t seed) {
  if (device.is_cpu()) return at::make_generator<at::CPUGeneratorImpl>(seed);
  torch::Generator generator = at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(seed);
  return generator;
}

}  // namespace runner::lvm
