#pragma once
// The CRC of zip archives (polynomial 0x04C11DB7, reflected).

#include <cstddef>
#include <cstdint>

namespace runner::data {

// Continues `crc` (0 at the start) over the bytes. Carry-less multiplication where the CPU has it (about
// memory speed), chosen at run time; zlib's otherwise.
std::uint32_t crc32(std::uint32_t crc, const void* bytes, std::size_t size);

}  // namespace runner::data
