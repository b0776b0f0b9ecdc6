#include "jobs/train/latest_link.h"

#include <string>

#include "base/atomic_file.h"
#include "base/log.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

// What keeps `link` from being replaced; "" when nothing does.
std::string obstacle(const fs::path& link) {
  std::error_code error;
  const fs::file_status there = fs::symlink_status(link, error);
  if (there.type() == fs::file_type::not_found) return "";
  if (error) return error.message();
  if (!fs::is_symlink(there))
    return fs::is_directory(there) ? "a folder has this name" : "a file has this name";
  // Ours names a run beside itself, or one that is gone by now.
  const fs::path to = fs::read_symlink(link, error);
  const fs::path target = link.parent_path() / to;
  const bool beside = !error && !to.has_parent_path() && !to.empty() && to != "." && to != "..";
  const bool ours = beside && (!fs::exists(target, error) || fs::exists(target / "manifest.json", error));
  return ours ? "" : "this link to " + to.string() + " is not one that training has made";
}

}  // namespace

void point_latest_to(const fs::path& folder) {
  try {
    // The folder may have been named by ".", with a slash behind, or by `latest` itself.
    const fs::path run = fs::canonical(folder);
    const fs::path link = run.parent_path() / "latest";
    if (run == link || !run.has_filename()) return;
    const std::string why = obstacle(link);
    if (why.empty())
      replace_symlink(run.filename(), link);
    else
      spdlog::warn("{}: {}; it stays, and no link leads to {}", link.string(), why, run.string());
  } catch (const std::exception& error) {
    spdlog::warn("no link `latest` leads to {}: {}", folder.string(), error.what());
  }
}

}  // namespace runner::jobs
