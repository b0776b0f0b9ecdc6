#include "ann/publish.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/status.h"

namespace runner::ann {
namespace fs = std::filesystem;

namespace {

std::string utc_stamp(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

bool is_stamp(const std::string& text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return false;
  for (std::size_t i = 0; i < 15; ++i)
    if (i != 8 && (text[i] < '0' || text[i] > '9')) return false;
  return true;
}

std::string with_stamp(const fs::path& link, const std::string& stamp) {
  return link.stem().string() + "." + stamp + link.extension().string();
}

// The time stamp in a version's name; "" for the name of anything else.
std::string stamp_in(const fs::path& link, const std::string& name) {
  const std::string head = link.stem().string() + ".", tail = link.extension().string();
  if (name.size() != head.size() + 16 + tail.size() || !name.starts_with(head) || !name.ends_with(tail))
    return "";
  const std::string stamp = name.substr(head.size(), 16);
  return is_stamp(stamp) ? stamp : "";
}

void rename_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw_errno("cannot rename into place", to.string());
}

void remove_version(const Target& target, const std::string& version) {
  std::error_code error;
  fs::remove(target.manifest(version), error);
  fs::remove(target.file(version), error);
  if (error)
    spdlog::warn("{}: cannot remove this old version: {}", target.file(version).string(), error.message());
}

void switch_to(const Target& target, const std::string& version) {
  replace_symlink(version, target.link);
  replace_symlink(version + ".manifest.json", target.link.string() + ".manifest.json");
}

}  // namespace

fs::path Target::folder() const {
  return link.has_parent_path() ? link.parent_path() : fs::path(".");
}

std::vector<std::string> Target::versions() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder(), error))
    if (!stamp_in(link, entry.path().filename().string()).empty())
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> Target::published() const {
  std::error_code error;
  const fs::path to = fs::read_symlink(link, error);
  if (error || stamp_in(link, to.string()).empty() || !fs::exists(file(to.string()), error))
    return std::nullopt;
  return to.string();
}

std::string Target::new_version() const {
  const std::vector<std::string> existing = versions();
  std::time_t time = std::time(nullptr);
  std::string name = with_stamp(link, utc_stamp(time));
  // A clock set back must not make the new version look older than the others.
  if (!existing.empty() && name <= existing.back()) {
    std::tm parts{};
    ::strptime(stamp_in(link, existing.back()).c_str(), "%Y%m%dT%H%M%SZ", &parts);
    time = ::timegm(&parts) + 1;
    name = with_stamp(link, utc_stamp(time));
  }
  return name;
}

std::optional<FileLock> lock_target(const Target& target, bool wait) {
  const fs::path path = target.link.string() + ".lock";
  std::error_code error;
  fs::create_directories(target.folder(), error);
  if (error) throw RunError("cannot create the folder: " + error.message(), target.folder().string());
  if (auto lock = FileLock::try_lock(path)) return lock;
  const int holder = FileLock::holder(path);
  if (!wait) {
    spdlog::warn("{}: another rebuild runs (process {}); leaving, as publish.if_locked says",
                 target.link.string(), holder);
    return std::nullopt;
  }
  spdlog::warn("{}: another rebuild runs (process {}); waiting for it", target.link.string(), holder);
  status::set_phase("wait for another rebuild");
  while (true) {
    // Short sleeps instead of a blocking lock: a wait is no stall, and SIGTERM must be heard.
    if (auto lock = FileLock::try_lock(path)) return lock;
    if (const int signal = stop_signal())
      throw Interrupted(signal, "stopped while waiting for another rebuild");
    status::beat();
    const timespec pause{0, 100000000};
    ::nanosleep(&pause, nullptr);
  }
}

void remove_leftovers(const Target& target) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(target.folder(), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".tmp")) continue;
    const std::string built = name.substr(0, name.size() - 4);
    // Ours: VERSION.tmp, and the temporary files of links and manifests: NAME.<pid>.tmp.
    const std::string base = built.substr(0, built.rfind('.'));
    const std::string link = target.link.filename().string();
    const bool ours = !stamp_in(target.link, built).empty() || base == link ||
                      base == link + ".manifest.json" ||
                      (base.ends_with(".manifest.json") &&
                       !stamp_in(target.link, base.substr(0, base.size() - 14)).empty());
    if (!ours) continue;
    spdlog::info("{}: left by a rebuild that was killed; removed", entry.path().string());
    std::error_code ignored;
    fs::remove(entry.path(), ignored);
  }
}

void adopt_plain_file(const Target& target) {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(target.link, error))) return;
  struct stat info {};
  if (::stat(target.link.c_str(), &info) != 0) return;
  std::string version = with_stamp(target.link, utc_stamp(info.st_mtime));
  if (fs::exists(target.file(version), error)) version = target.new_version();
  // A second name for the same file, then the link takes the first name: never absent in between.
  fs::create_hard_link(target.link, target.file(version), error);
  if (error) fs::copy_file(target.link, target.file(version), error);
  if (error) throw RunError("cannot keep the index that is there: " + error.message(), target.link.string());
  replace_symlink(version, target.link);
}

void publish(const Target& target, const std::string& version, const Json& manifest, std::int64_t keep) {
  write_file_atomically(target.manifest(version), manifest.dump(2) + "\n");
  rename_file(target.building(version), target.file(version));
  fsync_folder(target.folder());
  switch_to(target, version);
  std::vector<std::string> all = target.versions();
  std::erase(all, version);
  const auto stale = static_cast<std::int64_t>(all.size()) - (keep - 1);
  for (std::int64_t i = 0; i < stale; ++i) remove_version(target, all[static_cast<std::size_t>(i)]);
}

std::string roll_back(const Target& target) {
  const auto current = target.published();
  if (!current) throw RunError("there is no published version to go back from", target.link.string());
  const std::vector<std::string> all = target.versions();
  const auto place = std::lower_bound(all.begin(), all.end(), *current);
  if (place == all.begin())
    throw RunError(fmt::format("no version before {} is kept (publish.keep says how many are)", *current),
                   target.link.string());
  switch_to(target, *(place - 1));
  return *(place - 1);
}

Json published_manifest(const Target& target) {
  const auto version = target.published();
  if (!version) return nullptr;
  try {
    return Json::parse(read_file(target.manifest(*version)));
  } catch (const std::exception&) {  // gone or damaged: as if there were none
    return nullptr;
  }
}

}  // namespace runner::ann
