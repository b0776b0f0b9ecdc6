#include "data/formats/zip/crc32.h"

#include <zlib.h>

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace runner::data {
namespace {

std::uint32_t plain(std::uint32_t crc, const unsigned char* at, std::size_t size) {
  constexpr std::size_t piece = 1u << 30;  // zlib counts in 32 bits
  for (std::size_t done = 0; done < size; done += piece)
    crc =
        static_cast<std::uint32_t>(::crc32(crc, at + done, static_cast<uInt>(std::min(piece, size - done))));
  return crc;
}

#if defined(__x86_64__)
#define RUNNER_FOLD __attribute__((target("pclmul,sse4.1")))

RUNNER_FOLD inline __m128i load(const unsigned char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// x shifted by the distance that `k` stands for, plus `next`.
RUNNER_FOLD inline __m128i fold(__m128i x, __m128i k, __m128i next) {
  return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00), _mm_clmulepi64_si128(x, k, 0x11)),
                       next);
}

// Four 16-byte lanes folded side by side, then into one, then Barrett reduction. Method and constants: V.
// Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009, for
// the reflected polynomial. `size` is a multiple of 16 and at least 64. `crc` is the inverted register.
RUNNER_FOLD std::uint32_t folded(std::uint32_t crc, const unsigned char* at, std::size_t size) {
  const __m128i by_64 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4),
                by_16 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  __m128i x0 = _mm_xor_si128(load(at), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i x1 = load(at + 16), x2 = load(at + 32), x3 = load(at + 48);
  for (at += 64, size -= 64; size >= 64; at += 64, size -= 64) {
    x0 = fold(x0, by_64, load(at));
    x1 = fold(x1, by_64, load(at + 16));
    x2 = fold(x2, by_64, load(at + 32));
    x3 = fold(x3, by_64, load(at + 48));
  }
  x0 = fold(fold(fold(x0, by_16, x1), by_16, x2), by_16, x3);
  for (; size >= 16; at += 16, size -= 16) x0 = fold(x0, by_16, load(at));

  const __m128i low32 = _mm_setr_epi32(~0, 0, ~0, 0);
  x0 = _mm_xor_si128(_mm_clmulepi64_si128(x0, by_16, 0x10), _mm_srli_si128(x0, 8));  // 128 to 64 bits
  x1 = _mm_srli_si128(x0, 4);
  x0 = _mm_clmulepi64_si128(_mm_and_si128(x0, low32), _mm_set_epi64x(0, 0x0163cd6124), 0x00);
  x0 = _mm_xor_si128(x0, x1);
  const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  x1 = _mm_clmulepi64_si128(_mm_and_si128(x0, low32), barrett, 0x10);
  x1 = _mm_clmulepi64_si128(_mm_and_si128(x1, low32), barrett, 0x00);
  return static_cast<std::uint32_t>(_mm_extract_epi32(_mm_xor_si128(x0, x1), 1));
}

bool can_fold() {
  static const bool can = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  return can;
}
#endif

}  // namespace

std::uint32_t crc32(std::uint32_t crc, const void* bytes, std::size_t size) {
  const unsigned char* at = static_cast<const unsigned char*>(bytes);
#if defined(__x86_64__)
  if (size >= 64 && can_fold()) {
    const std::size_t whole = size / 16 * 16;
    crc = ~folded(~crc, at, whole);
    at += whole;
    size -= whole;
  }
#endif
  return size == 0 ? crc : plain(crc, at, size);
}

}  // namespace runner::data
