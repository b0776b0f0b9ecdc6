#pragma once
// A filled option struct as plain values, for whoever takes it over: nothing of it is parsed, expanded or
// checked again.

#include "base/json.h"
#include "config/binder.h"

namespace runner::config {

// {"train.batch_size": 32, …}: every key, in order of declaration.
Json values_of(const Binder& binder);
// The same for people to see: ${NAME} where the configuration names a variable with a secret.
Json shown_values_of(const Binder& binder);
// Throws UsageError for a key that is missing or of another type: the values are of another version.
void take_values(Binder& binder, const Json& values);

namespace detail {
// A field's node: scalars of its kind, null, or a list of them.
Json scalar_json(const YAML::Node& node, Kind kind);
}  // namespace detail

}  // namespace runner::config
