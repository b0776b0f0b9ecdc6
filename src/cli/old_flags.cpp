#include "cli/old_flags.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "cli/find_config.h"

namespace runner::cli {
namespace {

using Names = std::vector<std::string>;

bool holds(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool exists(const std::string& name) {
  try {
    find_config(name);
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

Names known_models(const config::Binder& binder) {
  for (const auto& field : binder.fields())
    if (field->key == "model.type") return field->allowed;
  return {};
}

// Of the configs VERSION_REST that can be found: each VERSION once, or each REST of one version.
Names versions(const Names& configs) {
  Names found;
  for (const std::string& name : configs) {
    const std::string version = name.substr(0, name.find('_'));
    if (name.find('_') != std::string::npos && (version == "p6b" || version == "mse") &&
        !holds(found, version))
      found.push_back(version);
  }
  return found;
}
Names rests(const Names& configs, const std::string& version) {
  Names found;
  for (const std::string& name : configs)
    if (name.starts_with(version + "_")) found.push_back(name.substr(version.size() + 1));
  return found;
}

// --config names a file, and not the last part of an old form ("v23").
bool names_a_file(const std::string& name) {
  return name.find('/') != std::string::npos || name.find('_') != std::string::npos ||
         name.ends_with(".yaml") || name.ends_with(".yml") || exists(name);
}

// What is wrong with flags that name no config, and the way out.
[[noreturn]] void refuse(const JobCommandLine& line, const Names& models) {
  const Names configs = short_config_names();
  const std::string version = line.old_version.empty() && !line.old_config.empty() ? "p6b" : line.old_version;
  const Names all = versions(configs);
  if (all.empty())
    throw UsageError(
        "the old form names a shipped config, and none is found in configs/ or beside an "
        "installed runner; give CONFIG by path",
        "--version " + version);
  if (!holds(all, version))
    throw UsageError(fmt::format("no such version; there are {}", fmt::join(all, ", ")),
                     "--version " + version);
  const Names there = rests(configs, version);
  const bool by_model =
      std::all_of(there.begin(), there.end(), [&](const std::string& rest) { return holds(models, rest); });
  if (by_model && !line.old_config.empty())
    throw UsageError(fmt::format("version {} has a config for each --model ({}) and takes no --config",
                                 version, fmt::join(there, ", ")),
                     "--config " + line.old_config);
  if (by_model)
    throw UsageError(
        fmt::format("version {} has no config for this model; it has {}", version, fmt::join(there, ", ")),
        "--model " + line.old_model);
  if (line.old_config.empty())
    throw UsageError(fmt::format("--config is missing; version {} has {}: --version {} --config {}", version,
                                 fmt::join(there, ", "), version, there.back()),
                     "--version " + version);
  throw UsageError(fmt::format("no such config; version {} has {}", version, fmt::join(there, ", ")),
                   "--config " + line.old_config);
}

}  // namespace

void apply_config_flag(JobCommandLine& line, const config::Binder& binder) {
  const bool is_old = !known_models(binder).empty() && !names_a_file(line.old_config);
  if (line.old_config.empty() || !line.old_version.empty() || is_old) return;
  if (!line.positional.empty()) throw UsageError("give either CONFIG or --config, not both", line.positional);
  line.positional = line.old_config;
  line.is_config = true;
  line.old_config.clear();
}

void apply_old_flags(JobCommandLine& line, const config::Binder& binder) {
  const std::string model = line.old_model.empty() ? "transformer" : line.old_model;
  if (line.old_version.empty() && line.old_config.empty()) {
    if (line.old_model.empty()) return;
    if (line.positional.empty()) line.old_version = "mse";
  }
  if (!line.positional.empty()) {
    if (!line.old_version.empty() || !line.old_config.empty())
      throw UsageError("give either CONFIG or the old form --version/--config, not both", line.positional);
    line.overrides.insert(line.overrides.begin(), {"model.type", model, "--model"});
    return;
  }
  const Names models = known_models(binder);
  if (!models.empty() && !holds(models, model))
    throw UsageError(fmt::format("no such model; there are {}", fmt::join(models, ", ")), "--model " + model);
  Names names;
  if (!line.old_version.empty() && !line.old_config.empty())
    names.push_back(line.old_version + "_" + line.old_config);
  if (line.old_config.empty()) names.push_back(line.old_version + "_" + model);
  if (line.old_config.empty()) names.push_back(line.old_version);
  if (line.old_version.empty()) names.push_back("p6b_" + line.old_config);
  for (const std::string& name : names) {
    if (!exists(name)) continue;
    line.positional = find_config(name).string();
    if (!line.old_model.empty())
      line.overrides.insert(line.overrides.begin(), {"model.type", line.old_model, "--model"});
    return;
  }
  refuse(line, models);
}

}  // namespace runner::cli
