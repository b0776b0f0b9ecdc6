#pragma once
// JSON as text, with bytes that come back. A path, an environment value or an argument on Unix is bytes, JSON
// is characters: a byte that is no UTF-8 is written as the escape \udc80 … \udcff, as Python's os.fsdecode
// has it (json.loads and then os.fsencode give the bytes back there), and parse_json makes the byte of it
// again.

#include <string>

#include "base/json.h"

namespace runner {

// Whether secrets (base/secrets.h) give way to the names of their variables.
enum class Secrets { hidden, kept };

// On one line, or with `indent` spaces a level.
std::string json_text(const Json& value, int indent = -1, Secrets secrets = Secrets::hidden);
// From one process of a run to another, which works with it: as it is, on one line.
std::string json_message(const Json& value);

}  // namespace runner
