#pragma once
// A device that computes wrongly without an error: one batch there, held against the CPU before a run trusts
// it.

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "losses/loss.h"
#include "models/model.h"

namespace runner::lvm {

// Made-up unit vectors that lean one way, as embeddings do: contexts [B, T, D], targets [B, D], on the CPU.
struct CanaryBatch {
  torch::Tensor contexts, targets;
};
CanaryBatch canary_batch(std::int64_t rows, std::int64_t context, std::int64_t width);

// What a batch gives, as tensors on the CPU.
struct BatchResults {
  torch::Tensor prediction;  // [B, D]
  torch::Tensor loss;        // []
  std::vector<std::pair<std::string, torch::Tensor>>
      gradients;  // by parameter; none where nothing is trained
};
// By the model in evaluation mode, where it lies.
BatchResults results_of(Model& model, const LossOptions& loss, bool gradients, const CanaryBatch& batch);

// How far results may lie apart. Of predictions and loss the largest difference, relative to the largest
// value: in float32 sums of another order differ by 1e-5 at most, and what is wrong by more than a tenth. Of
// gradients the length of the difference of a parameter's, relative to its length: a value that rounding
// takes across ReLU's corner changes single elements by much and the whole by little.
struct CanaryTolerance {
  double values = 1e-3, gradients = 1e-2;
};
inline CanaryTolerance canary_tolerance(bool bf16) {
  return bf16 ? CanaryTolerance{0.05, 0.2} : CanaryTolerance{};  // its products keep 8 bits
}

// Says in one line how far they lie apart. Throws EnvironmentError with the figures where it is too far, or
// where one is no number.
std::string held_against_cpu(const std::string& device, const BatchResults& there, const BatchResults& cpu,
                             const CanaryTolerance& tolerance);

}  // namespace runner::lvm
