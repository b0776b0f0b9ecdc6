#pragma once
// Last-slot corruption of training contexts, drawn anew for each batch.

#include <torch/torch.h>

#include <cstdint>
#include <optional>

#include "losses/loss_options.h"

namespace runner::lvm {

// With options.probability a row's last vector becomes, with options.swap of those, the vector before it,
// otherwise unit(last + sigma * N(0, 1)). Changes `contexts` [B, T, D] in place; does nothing with
// probability 0. All randomness comes from `generator` (of the contexts' device), without reading values
// back.
void corrupt_last_slot(torch::Tensor& contexts, const AugmentOptions& options,
                       const std::optional<torch::Generator>& generator);

// A generator of its own for `device`.
torch::Generator seeded_generator(const torch::Device& device, std::uint64_t seed);

}  // namespace runner::lvm
