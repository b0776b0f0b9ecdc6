#include "cli/old_flags.h"

#include "base/error.h"
#include "cli/find_config.h"

namespace runner::cli {
namespace {

bool exists(const std::string& name) {
  try {
    find_config(name);
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

}  // namespace

void apply_old_flags(JobCommandLine& line) {
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
  std::vector<std::string> names;
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
  throw UsageError("no shipped config for --version " + line.old_version + " --config " + line.old_config +
                       " (looked for configs/" + names.front() + ".yaml); give CONFIG by path",
                   "train");
}

}  // namespace runner::cli
