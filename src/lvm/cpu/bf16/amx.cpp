// Block products with AMX tiles. Compiled for CPUs that have them; called only there.

#include <immintrin.h>

#include "lvm/cpu/bf16/native.h"
#include "lvm/cpu/bf16/tile_block.h"

namespace runner::lvm::cpu {
namespace {

struct Amx {
  template <int t>
  static void zero() {
    _tile_zero(t);
  }
  template <int t>
  static void load(const void* from, Index stride) {
    _tile_loadd(t, from, stride);
  }
  template <int t>
  static void store(float* to, Index stride) {
    _tile_stored(t, to, stride);
  }
  template <int sums, int a, int b>
  static void dot() {
    _tile_dpbf16ps(sums, a, b);
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
  static const TileConfig config;
  _tile_loadconfig(&config);
}

void amx_end() {
  _tile_release();
}

void bf16_block_amx(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b, Index panel_stride,
                    Index k, float* c, Index ldc, bool accumulate) {
  tile_block<Amx>(a, lda, rows, b, panel_stride, k, c, ldc, accumulate);
}

}  // namespace runner::lvm::cpu
