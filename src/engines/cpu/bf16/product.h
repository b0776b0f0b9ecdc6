#pragma once
// Products of bfloat16 matrices with float32 sums, on operands that are already in the order the CPU's
// instructions want, so that weights are ordered once a step and not once a product.
//
//   a: row-major [m, k], bf16. Rows beyond m, up to a multiple of 32, must be readable; k is a multiple
//   of 32. b: panels of 16 columns; in a panel, for each pair of successive k, 16 words of 32 bits: column
//   i's value
//      at the even k in the low half, at the odd k in the high half. (What VDPBF16PS takes as a vector, and
//      TDPBF16PS as a tile of 16 pairs.) The number of panels is even; columns beyond n are zero.
//   c: row-major [m, n] float32.
//
// Each element of c is summed by one thread in the order of k: results do not depend on the number of
// threads.

#include <cstdint>
#include <initializer_list>

#include "engines/cpu/bf16/units.h"
#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {

struct Bf16Product {
  const std::uint16_t* a = nullptr;
  Index lda = 0;  // values
  const std::uint32_t* b = nullptr;
  Index panel_stride = 0;  // words
  Index m = 0, n = 0, k = 0;
  float* c = nullptr;
  Index ldc = 0;
  bool accumulate = false;
  // Not null: c is written past the caches, and each task leaves the sum of its squares here (task_count of
  // them); no accumulation then.
  double* squares = nullptr;
};

// Number of tasks that a product is cut into: a matter of its sizes alone.
Index task_count(const Bf16Product& p);

// Computes these products as one job of the team; they do not read each other's results.
void products(const Bf16Unit& unit, std::initializer_list<Bf16Product> list);

// Rows of a lie this far apart: one cache line more than their values, since rows at a distance of a power of
// two would compete for the same places of a cache.
inline Index operand_ld(Index k) {
  return k + 32;
}

inline Index round_up(Index n, Index multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

}  // namespace runner::lvm::cpu
