#pragma once
// From a YAML text and the command line to a filled option struct: default < file < environment < flag <
// --set. Every mistake is collected; nothing throws for a user's mistake until the caller has seen them all.

#include <string>
#include <vector>

#include "config/binder.h"

namespace runner::config {

struct Override {
  std::string key;     // dotted: "train.epochs"
  std::string value;   // YAML text: "12", "[1, 2]", "{by: article}"
  std::string origin;  // "--epochs", "--set train.epochs", "RUNNER_DEVICE"
};

// Reads `text` (from `file`, for places in messages) and the overrides into the binder's fields.
// ${VAR} in a value is replaced from the environment. `shipped`: folder where an input file that is not there
// is looked for by its name (the sample of an installed runner).
std::vector<Problem> resolve(Binder& binder, const std::string& text, const std::string& file,
                             const std::vector<Override>& overrides, const std::string& shipped = "");

// A top-level scalar of a YAML text ("job"), or "" when absent. Throws UsageError when the text is no
// mapping.
std::string top_level_value(const std::string& text, const std::string& file, const std::string& key);

// The files and folders that a field names and that must exist: what a job reads.
std::vector<std::string> input_paths(const Field& field);

// A text option's value, and setting it (the origin stays).
std::string field_text(const Field& field);
void set_field_text(Field& field, const std::string& value);

// Throws Mistakes listing all problems, one a line, sorted by place; does nothing when there are none.
void throw_if_any(const std::vector<Problem>& problems);

}  // namespace runner::config
