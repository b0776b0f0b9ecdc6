#include "cli/find_config.h"

#include <vector>

#include "base/error.h"
#include "runtime/launch.h"

namespace runner::cli {
namespace fs = std::filesystem;

fs::path share_folder() {
  const fs::path share = runtime::program_path().parent_path().parent_path() / "share" / "runner";
  std::error_code error;
  return fs::is_directory(share, error) ? share : fs::path();
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
