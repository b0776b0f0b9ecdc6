#pragma once
// Results written past the caches: the line is not read before it is overwritten, which saves half of the
// traffic. Included once by each variant: see table.h.

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "lvm/cpu/kernels.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index store_width = 32;

// One row of 32 floats = two whole cache lines, to an address aligned to 64 bytes.
inline void stream_row(const float* from, float* to) {
#if defined(__AVX512F__)
  for (Index i = 0; i < store_width; i += 16) _mm512_stream_ps(to + i, _mm512_loadu_ps(from + i));
#elif defined(__AVX__)
  for (Index i = 0; i < store_width; i += 8) _mm256_stream_ps(to + i, _mm256_loadu_ps(from + i));
#else
  for (Index i = 0; i < store_width; ++i) to[i] = from[i];
#endif
}

double store_block(const float* block, Index rows, Index columns, float* c, Index ldc) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(c) % 64 == 0 && ldc % 16 == 0;
  double total = 0;
  if (columns == store_width && aligned) {
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (Index i = 0; i < rows * store_width; ++i) squares += block[i] * block[i];
    for (Index r = 0; r < rows; ++r) stream_row(block + r * store_width, c + r * ldc);
#if defined(__AVX__)
    _mm_sfence();  // streamed stores are ordered by nothing else
#endif
    return squares;
  }
  for (Index r = 0; r < rows; ++r)
    for (Index i = 0; i < columns; ++i) {
      const float x = block[r * store_width + i];
      c[r * ldc + i] = x;
      total += static_cast<double>(x) * x;
    }
  return total;
}

}  // namespace
}  // namespace runner::lvm::cpu
