#pragma once
// SHA-256 (FIPS 180-4) of a short text.

#include <string>

namespace runner::ranks {

std::string sha256_hex(const std::string& text);  // 64 digits

}  // namespace runner::ranks
