#include "data/formats/convert.h"

#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace runner::data {
namespace {

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);  // any alignment
  return value;
}

template <class T>
void widen(const std::byte* in, std::size_t count, std::int64_t* out) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] = static_cast<std::int64_t>(
        load<T>(in + i * sizeof(T)));  // NOLINT(bugprone-signed-char-misuse): numbers
}

void halves_plain(const std::byte* in, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = half_to_float(load<std::uint16_t>(in + 2 * i));
}

#if defined(__x86_64__)
__attribute__((target("avx2,f16c"))) void halves_f16c(const std::byte* in, std::size_t count, float* out) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 2 * i));
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(half));
  }
  halves_plain(in + 2 * i, count - i, out + i);
}
#endif

using HalvesFunction = void (*)(const std::byte*, std::size_t, float*);

HalvesFunction choose_halves() {
#if defined(__x86_64__)
  // Debian 12's GCC knows no "f16c" here; every CPU with AVX2 has it.
  if (__builtin_cpu_supports("avx2")) return halves_f16c;
#endif
  return halves_plain;
}

}  // namespace

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu, fraction = half & 0x3ffu;
  std::uint32_t bits;
  if (exponent == 0x1f) {  // infinity, or NaN made quiet as F16C does
    bits = sign | 0x7f800000u | fraction << 13 | (fraction != 0 ? 0x400000u : 0u);
  } else if (exponent != 0) {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    const float value = std::ldexp(static_cast<float>(fraction), -24);  // zero and subnormals
    return sign != 0 ? -value : value;
  }
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::uint16_t float_to_half(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);  // rounds to infinity
  if (magnitude < 0x38800000u) {  // below 2^-14: a multiple of 2^-24
    const float steps = std::nearbyint(std::ldexp(std::fabs(value), 24));
    return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(steps));
  }
  const std::uint32_t odd = magnitude >> 13 & 1u;
  return static_cast<std::uint16_t>(sign | (magnitude - 0x38000000u + 0xfffu + odd) >> 13);
}

void to_float(DType type, const std::byte* in, std::size_t count, float* out) {
  static const HalvesFunction halves = choose_halves();
  if (type == DType::f16) {
    halves(in, count, out);
  } else if (type == DType::f32) {
    if (count != 0) std::memcpy(out, in, count * sizeof(float));
  } else {
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(load<double>(in + 8 * i));
  }
}

float to_float_scalar(DType type, const std::byte* in) {
  if (type == DType::f16) return half_to_float(load<std::uint16_t>(in));
  return type == DType::f32 ? load<float>(in) : static_cast<float>(load<double>(in));
}

void to_int64(DType type, const std::byte* in, std::size_t count, std::int64_t* out) {
  switch (type) {
    case DType::i8:
      return widen<std::int8_t>(in, count, out);
    case DType::i16:
      return widen<std::int16_t>(in, count, out);
    case DType::i32:
      return widen<std::int32_t>(in, count, out);
    case DType::u8:
    case DType::boolean:
      return widen<std::uint8_t>(in, count, out);
    case DType::u16:
      return widen<std::uint16_t>(in, count, out);
    case DType::u32:
      return widen<std::uint32_t>(in, count, out);
    case DType::u64:
      return widen<std::uint64_t>(in, count, out);
    default:
      return widen<std::int64_t>(in, count, out);
  }
}

}  // namespace runner::data
