#include "cli/pipeline/changes.h"

#include <algorithm>

#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"

namespace runner::cli {
namespace {

std::string value_text(const Json& value) {
  return value.is_null() ? "none" : value.is_string() ? value.get<std::string>() : json_text(value);
}

// As texts: the record of then tells no secrets (base/secrets.h).
void compare(const std::string& key, const Json& then, const Json& now, std::vector<std::string>& changes) {
  if (then != now && json_text(then) != json_text(now))
    changes.push_back(fmt::format("{} {} -> {}", key, value_text(then), value_text(now)));
}

// Keys of either, those of `now` first.
void compare_members(const Json& then, const Json& now, std::vector<std::string>& changes) {
  for (const auto& [key, value] : now.items()) compare(key, member_in(then, key.c_str()), value, changes);
  for (const auto& [key, value] : then.items())
    if (!now.contains(key)) compare(key, value, Json(), changes);
}

bool has_hash(const std::vector<InputRecord>& inputs, const std::string& hash) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [&](const InputRecord& input) { return input.xxh64 == hash; });
}

}  // namespace

std::vector<std::string> changes_of_settings(const PipelineStepRecord& then, const PipelineStepRecord& now) {
  std::vector<std::string> changes;
  compare("job", then.job, now.job, changes);
  compare("runner", then.runner, now.runner, changes);
  compare_members(then.values, now.values, changes);
  compare_members(then.arguments, now.arguments, changes);
  return changes;
}

std::vector<std::string> changes_of_inputs(const PipelineStepRecord& then, const PipelineStepRecord& now) {
  std::vector<std::string> changes;
  if (same_contents(then.inputs, now.inputs)) return changes;
  for (const InputRecord& input : now.inputs)
    if (!has_hash(then.inputs, input.xxh64)) changes.push_back(input.path + " has changed");
  if (changes.empty()) changes.emplace_back("other input files, or in another order");
  return changes;
}

}  // namespace runner::cli
