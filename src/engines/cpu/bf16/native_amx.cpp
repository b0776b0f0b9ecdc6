// Block products with AMX tiles. Compiled for CPUs that have them; called only there.
#include "engines/cpu/bf16/native.h"

#include "engines/cpu/bf16/tile_block.h"

namespace runner::lvm::cpu {
namespace {

// By assembly: GCC's intrinsics take only literal tile numbers, and no template parameters.
struct Amx {
  template <int t>
  static void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(t));
  }
  template <int t>
  static void load(const void* from, Index stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(t) : "memory");
  }
  template <int t>
  static void store(float* to, Index stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(t) : "memory");
  }
  template <int sums, int a, int b>
  static void dot() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(a), "i"(b));
  }
};

// Palette 1: every tile 16 rows of 64 bytes.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

}  // namespace

void amx_begin() {
  static constexpr TileConfig config;
  asm volatile("ldtilecfg %0" : : "m"(config));
}

void amx_end() {
  asm volatile("tilerelease");
}

void bf16_block_amx(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b, Index panel_stride,
                    Index k, float* c, Index ldc, bool accumulate) {
  tile_block<Amx>(a, lda, rows, b, panel_stride, k, c, ldc, accumulate);
}

}  // namespace runner::lvm::cpu
