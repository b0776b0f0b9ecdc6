#pragma once
// JSON Schema of a configuration, for editors.

#include <string>

#include "base/json.h"
#include "config/binder.h"

namespace runner::config {

// JSON Schema (2020-12) of a whole configuration of that job: what the runner takes, as far as a schema can
// say it. ${VAR} may stand for any value; places and conflicts between values are `runner config check`'s.
Json json_schema(const Binder& binder, const std::string& job);

}  // namespace runner::config
