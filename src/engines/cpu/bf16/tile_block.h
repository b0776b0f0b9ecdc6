#pragma once
// A 32 × 32 block by four tiles of 16 × 16 sums, with AMX or with a stand-in for it. `Tiles` is a policy:
//   zero<t>()                     sums of tile t = 0
//   load<t>(const void*, stride)  16 rows of 64 bytes, stride in bytes
//   store<t>(float*, stride)
//   dot<sums, a, b>()             sums += a · b, as TDPBF16PS
// Tiles 0–3 hold sums, 4 and 5 rows of a, 6 and 7 pairs of b.

#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {

// All 32 rows of c must be there.
template <class Tiles>
__attribute__((always_inline)) inline void tile_block_whole(const std::uint16_t* a, Index lda,
                                                            const std::uint32_t* b, Index panel_stride,
                                                            Index k, float* c, Index ldc, bool accumulate) {
  const Index a_stride = 2 * lda, c_stride = 4 * ldc;
  if (accumulate) {
    Tiles::template load<0>(c, c_stride);
    Tiles::template load<1>(c + 16, c_stride);
    Tiles::template load<2>(c + 16 * ldc, c_stride);
    Tiles::template load<3>(c + 16 * ldc + 16, c_stride);
  } else {
    Tiles::template zero<0>();
    Tiles::template zero<1>();
    Tiles::template zero<2>();
    Tiles::template zero<3>();
  }
  for (Index at = 0; at < k; at += 32) {
    Tiles::template load<6>(b + at / 2 * 16, 64);
    Tiles::template load<4>(a + at, a_stride);
    Tiles::template load<7>(b + panel_stride + at / 2 * 16, 64);
    Tiles::template load<5>(a + 16 * lda + at, a_stride);
    Tiles::template dot<0, 4, 6>();
    Tiles::template dot<1, 4, 7>();
    Tiles::template dot<2, 5, 6>();
    Tiles::template dot<3, 5, 7>();
  }
  Tiles::template store<0>(c, c_stride);
  Tiles::template store<1>(c + 16, c_stride);
  Tiles::template store<2>(c + 16 * ldc, c_stride);
  Tiles::template store<3>(c + 16 * ldc + 16, c_stride);
}

template <class Tiles>
__attribute__((always_inline)) inline void tile_block(const std::uint16_t* a, Index lda, Index rows,
                                                      const std::uint32_t* b, Index panel_stride, Index k,
                                                      float* c, Index ldc, bool accumulate) {
  if (rows == 32) {
    tile_block_whole<Tiles>(a, lda, b, panel_stride, k, c, ldc, accumulate);
    return;
  }
  alignas(64) float aside[32 * 32];
  tile_block_whole<Tiles>(a, lda, b, panel_stride, k, aside, 32, false);
  for (Index r = 0; r < rows; ++r)
    for (Index i = 0; i < 32;
         ++i)  // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the tiles wrote it
      c[r * ldc + i] = aside[r * 32 + i] + (accumulate ? c[r * ldc + i] : 0.0f);
}

}  // namespace runner::lvm::cpu
