#pragma once
// Entry points of the units with instructions of their own; defined where the compiler knows the
// instructions.

#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {

void bf16_block_avx512(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b,
                       Index panel_stride, Index k, float* c, Index ldc, bool accumulate);

void bf16_block_bfdot(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b,
                      Index panel_stride, Index k, float* c, Index ldc, bool accumulate);
void bf16_block_bfmmla(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b,
                       Index panel_stride, Index k, float* c, Index ldc, bool accumulate);

// AMX: loads the tile configuration before a task's blocks, and releases the tiles after them.
void amx_begin();
void amx_end();
void bf16_block_amx(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b, Index panel_stride,
                    Index k, float* c, Index ldc, bool accumulate);

}  // namespace runner::lvm::cpu
