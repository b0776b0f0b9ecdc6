#include "cli/find_config.h"

#include <set>

#include "base/error.h"
#include "runtime/launch.h"

namespace runner::cli {
namespace fs = std::filesystem;

fs::path share_folder() {
  const fs::path share = runtime::program_path().parent_path().parent_path() / "share" / "runner";
  std::error_code error;
  return fs::is_directory(share, error) ? share : fs::path();
}

std::vector<std::string> short_config_names() {
  std::vector<fs::path> folders = {"configs"};
  if (const fs::path share = share_folder(); !share.empty()) folders.push_back(share / "configs");
  std::set<std::string> names;
  std::error_code error;
  for (const fs::path& folder : folders)
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".yaml") names.insert(entry.path().stem().string());
  return {names.begin(), names.end()};
}

fs::path find_config(const std::string& name) {
  std::vector<fs::path> places = {name};
  const bool short_name = name.find('/') == std::string::npos;
  const std::string file = short_name && !name.ends_with(".yaml") ? name + ".yaml" : name;
  if (short_name) places.push_back(fs::path("configs") / file);
  if (const fs::path share = share_folder(); !share.empty())
    places.push_back(share / "configs" / fs::path(file).filename());
  std::string tried;
  for (const fs::path& place : places) {
    std::error_code error;
    if (fs::is_regular_file(place, error) || fs::is_fifo(place, error)) return place;
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  throw UsageError("no such config file (looked at " + tried + ")", name);
}

}  // namespace runner::cli
