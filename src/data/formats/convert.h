#pragma once
// Elements as a file has them (little-endian, any alignment) to float32 and int64.

#include <cstddef>
#include <cstdint>

#include "data/formats/numpy/npy.h"

namespace runner::data {

// `count` elements of a floating type. Uses F16C/AVX2 where the CPU has them, chosen at run time.
void to_float(DType type, const std::byte* in, std::size_t count, float* out);
// The same, element by element: the reference for tests, and for strided (Fortran-ordered) arrays.
float to_float_scalar(DType type, const std::byte* in);
float half_to_float(std::uint16_t half);
std::uint16_t float_to_half(float value);  // round to nearest, ties to even

// `count` elements of an integer type. An uint64 above int64's range becomes negative.
void to_int64(DType type, const std::byte* in, std::size_t count, std::int64_t* out);

}  // namespace runner::data
