#pragma once
// Results written past the caches: the line is not read before it is overwritten, which saves half of the
// traffic. Included once by each variant: see table.h.

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "engines/cpu/kernels.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index store_width = 32;

// One cache line, to an address aligned to 64 bytes.
inline void stream_line(const void* from, void* to) {
#if defined(__AVX512F__)
  _mm512_stream_si512(static_cast<__m512i*>(to), _mm512_loadu_si512(from));
#elif defined(__AVX__)
  for (int i = 0; i < 2; ++i)
    _mm256_stream_si256(static_cast<__m256i*>(to) + i,
                        _mm256_loadu_si256(static_cast<const __m256i*>(from) + i));
#else
  __builtin_memcpy(to, from, 64);
#endif
}

// After the last line: streamed stores are ordered by nothing else.
inline void stream_end() {
#if defined(__AVX__)
  _mm_sfence();
#endif
}

double store_block(const float* block, Index rows, Index columns, float* c, Index ldc) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(c) % 64 == 0 && ldc % 16 == 0;
  double total = 0;
  if (columns == store_width && aligned) {
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (Index i = 0; i < rows * store_width; ++i) squares += block[i] * block[i];
    for (Index r = 0; r < rows; ++r)
      for (Index i = 0; i < store_width; i += 16) stream_line(block + r * store_width + i, c + r * ldc + i);
    stream_end();
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
