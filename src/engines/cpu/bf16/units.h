#pragma once
// The ways of multiplying blocks of bfloat16 values that CPUs have. The order of operands: product.h.

#include <vector>

#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {

// One way to compute blocks of 32 × 32.
struct Bf16Unit {
  const char* name;
  void (*begin)();  // before the blocks of a task, and
  void (*end)();    // after them; may be null
  Bf16Block block;
  bool native;                // the CPU multiplies bfloat16 itself
  bool tiled_update = false;  // adamw_rows is faster on these CPUs than adamw, then order_rows
};

// The best of this CPU; RUNNER_CPU_BF16=plain|avx512_bf16|amx|bfdot|bfmmla picks another (tests,
// measurements).
const Bf16Unit& bf16_unit();
// All that this CPU can run, the plainest first.
std::vector<Bf16Unit> available_bf16_units();

}  // namespace runner::lvm::cpu
