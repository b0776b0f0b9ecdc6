#pragma once
// JSON as text, with bytes that come back. A path, an environment value or an argument on Unix is bytes, JSON
// is characters: a byte that is no UTF-8 is written as the escape \udc80 … \udcff, as Python's os.fsdecode
// has it (json.loads and then os.fsencode give the bytes back there), and parse_json makes the byte of it
// again.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace runner {

// On one line, or with `indent` spaces a level.
std::string json_text(const Json& value, int indent = -1);

struct JsonLimits {
  std::size_t bytes = std::size_t{64} << 20;
  int depth = 64;  // arrays and objects inside each other
};

// The value of a text made by anybody. Of a key that comes twice the last one counts; NaN and Infinity are
// read, since Python writes them; bytes that are no UTF-8 stay as they are. Throws DataError at
// "PLACE:line:column".
Json parse_json(std::string_view text, const std::string& place, const JsonLimits& limits = {});

}  // namespace runner
