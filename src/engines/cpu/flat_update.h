#pragma once
// Clipping and AdamW over flat buffers, whatever model they belong to: the norm in one pass, the update in
// another, on the team's threads. Sums are taken in chunks of a fixed size, in order: results do not depend
// on the number of threads.

#include <cstdint>
#include <optional>

#include "engines/adamw.h"
#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {

struct UpdateOptions : AdamwOptions {
  double clip_norm = 1.0;           // of all gradients together; 0: no clipping
  double gradient_scale = 1.0;      // multiplies the gradients first
  std::optional<double> norm = {};  // of all gradients, where the caller knows it
};

// What update number `step` (from 1) does, after a norm that is already scaled.
Adamw update_of(const UpdateOptions& options, std::int64_t step, double norm);

// Each [count] float32.
struct FlatState {
  float* weights = nullptr;
  const float* gradients = nullptr;
  float* first_moments = nullptr;
  float* second_moments = nullptr;
  Index count = 0;
};

// The 2-norm of the gradients.
double flat_norm(const float* gradients, Index count);
void flat_adamw(const Adamw& update, const FlatState& state);

}  // namespace runner::lvm::cpu
