#pragma once
// Dropout drawn by counting: whether an element is dropped is a hash of (seed, step, layer, place, element),
// so that any thread can draw any part, the backward pass draws the same again without a stored mask, and a
// resumed run continues exactly. Everything here has internal linkage: it is compiled once for each kind of
// CPU (kernels.h).

#include <cmath>
#include <cstdint>

namespace runner::lvm::cpu {

// Names all the draws of one training step.
struct DropoutKey {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

// The draws of one place in one step. threshold 0: nothing is dropped.
struct Dropout {
  std::uint32_t first = 0, second = 0;  // keys of the hash
  std::uint32_t threshold = 0;          // an element is dropped when its 16 bits are below this
  float scale = 1;                      // of the elements kept
};

// Finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
static inline std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// probability in [0, 1), rounded to 1/65536.
static inline Dropout make_dropout(DropoutKey key, std::uint32_t layer, std::uint32_t place,
                                   double probability) {
  Dropout d;
  d.threshold = static_cast<std::uint32_t>(std::lround(probability * 65536.0));
  if (d.threshold == 0) return d;
  d.scale = static_cast<float>(65536.0 / (65536.0 - d.threshold));
  const std::uint64_t where = (static_cast<std::uint64_t>(layer) << 32) | place;
  const std::uint64_t k = mix64(mix64(mix64(key.seed) + key.step) ^ where);
  d.first = static_cast<std::uint32_t>(k);
  d.second = static_cast<std::uint32_t>(k >> 32);
  return d;
}

// 32 bits for counter `i`: the multiply-xorshift hash "lowbias32" (Wellons, hash-prospector) with a second
// key added between its rounds, so that places whose counters overlap are not shifted copies of each other.
static inline std::uint32_t draw32(const Dropout& d, std::uint32_t i) {
  std::uint32_t x = i + d.first;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x += d.second;
  x ^= x >> 16;
  x *= 0x846ca68bu;
  x ^= x >> 15;
  x *= 0x7feb352du;
  x ^= x >> 16;
  return x;
}

constexpr int dropout_block = 32;  // columns that share 16 draws: low halves first, then high halves

// Draws that a row of `columns` elements takes.
static inline std::uint32_t dropout_stride(std::int64_t columns) {
  return static_cast<std::uint32_t>((columns + dropout_block - 1) / dropout_block * (dropout_block / 2));
}

// Factors (0 or scale) of 32 columns from column `column` (a multiple of 32) of a row on, to `factor`.
static inline void dropout_factors(const Dropout d, std::uint32_t row_start, std::int64_t column,
                                   float* factor) {
  const std::uint32_t base = row_start + static_cast<std::uint32_t>(column / 2);
  const auto threshold = static_cast<std::int32_t>(d.threshold);  // AVX2 compares signed words only
  for (int i = 0; i < dropout_block / 2; ++i) {
    const std::uint32_t w = draw32(d, base + static_cast<std::uint32_t>(i));
    factor[i] = static_cast<std::int32_t>(w & 0xffffu) < threshold ? 0.0f : d.scale;
    factor[i + dropout_block / 2] = static_cast<std::int32_t>(w >> 16) < threshold ? 0.0f : d.scale;
  }
}

}  // namespace runner::lvm::cpu
