#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace runner {

struct JsonLimits {
  std::size_t bytes = std::size_t{64} << 20;
  int depth = 64;  // arrays and objects inside each other
};

// The value of a text made by anybody, its bytes as json_text writes them. Of a key that comes twice the last
// one counts; NaN and Infinity are read, since Python writes them; bytes that are no UTF-8 stay as they are.
// Throws DataError at "PLACE:line:column".
Json parse_json(std::string_view text, const std::string& place, const JsonLimits& limits = {});

}  // namespace runner
