#include "index/publish/publish.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/signatures.h"
#include "base/status.h"
#include "base/temporary_name.h"
#include "base/version_name.h"

namespace runner::ann {
namespace fs = std::filesystem;

namespace {

constexpr const char* manifest_end = ".manifest.json";

// "" when the name does not end so.
std::string without_end(const std::string& name, const std::string& end) {
  return name.ends_with(end) ? name.substr(0, name.size() - end.size()) : "";
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

void rename_file(const fs::path& from, const fs::path& to) {
  if (file_system().rename(from, to) != 0) throw_errno("cannot rename into place", to.string());
}

// A version that a rebuild has made; a file that only has such a name is somebody's.
bool is_ours(const Target& target, const std::string& version) {
  std::error_code error;
  return fs::is_regular_file(fs::symlink_status(target.file(version), error)) &&
         is_manifest_of("index", target.manifest(version));
}

void remove_version(const Target& target, const std::string& version) {
  std::error_code error;
  fs::remove(target.file(version), error);
  fs::remove(target.manifest(version), error);
  if (error)
    spdlog::warn("{}: cannot remove this old version: {}", target.file(version).string(), error.message());
}

void switch_to(const Target& target, const std::string& version) {
  const fs::path manifest = target.link.string() + manifest_end;
  std::error_code error;
  // Of a tool that wrote no links, and ours: the version has one of its own.
  if (fs::is_regular_file(fs::symlink_status(manifest, error)) && is_manifest_of("index", manifest))
    fs::remove(manifest, error);
  replace_symlink(version, target.link,
                  [&](const fs::path& to) { return version_time(target.link, to.string()).has_value(); });
  replace_symlink(version + manifest_end, manifest, [&](const fs::path& to) {
    return version_time(target.link, without_end(to.string(), manifest_end)).has_value();
  });
}

// The version that a pending manifest belongs to; "" for other names.
std::string version_of_pending(const Target& target, const std::string& name) {
  const std::string version = without_end(name, std::string(manifest_end) + ".tmp");
  return version_time(target.link, version) ? version : "";
}

// A version's manifest, pending or not.
bool is_a_manifest_of(const Target& target, const std::string& name) {
  return !version_of_pending(target, name).empty() || !version_of_pending(target, name + ".tmp").empty();
}

void finish_publishing(const Target& target, const std::string& version) {
  rename_file(target.pending_manifest(version), target.manifest(version));
  switch_to(target, version);
}

}  // namespace

fs::path Target::folder() const {
  return link.has_parent_path() ? link.parent_path() : fs::path(".");
}

std::vector<std::string> Target::versions() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder(), error)) {
    const std::string name = entry.path().filename().string();
    if (version_time(link, name) && (is_ours(*this, name) || is_faiss_index(entry.path())))
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> Target::published() const {
  std::error_code error;
  const fs::path to = fs::read_symlink(link, error);
  if (error || !version_time(link, to.string()) || !fs::exists(file(to.string()), error)) return std::nullopt;
  return to.string();
}

bool Target::is_taken(const std::string& version) const {
  const std::initializer_list<fs::path> names = {file(version), building(version), manifest(version),
                                                 pending_manifest(version)};
  return std::any_of(names.begin(), names.end(), is_there);
}

std::string Target::new_version() const {
  const std::vector<std::string> existing = versions();
  std::time_t time = std::time(nullptr);
  // A clock set back must not make the new version look older than the others.
  if (!existing.empty()) time = std::max(time, *version_time(link, existing.back()) + 1);
  while (is_taken(version_name(link, time))) ++time;
  return version_name(link, time);
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

std::optional<FileLock> lock_new_target(Target& target) {
  const fs::path first = target.link;
  for (int number = 1;; ++number) {
    target.link = numbered(first, number);
    auto lock = FileLock::try_lock(target.link.string() + ".lock");
    if (lock && !is_there(target.link) && target.versions().empty()) return lock;
  }
}

void tidy(const Target& target) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(target.folder(), error))
    if (entry.is_regular_file(error) && !entry.is_symlink(error) && entry.path().extension() == ".tmp")
      names.push_back(entry.path().filename().string());
  for (const std::string& name : names) {
    const std::string pending = version_of_pending(target, name);
    const fs::path path = target.folder() / name, temporary_of = path.parent_path() / path.stem().stem();
    if (!pending.empty() && is_there(target.file(pending))) {
      spdlog::info("{}: a rebuild was killed while it published this version; now published",
                   target.file(pending).string());
      finish_publishing(target, pending);
    } else if (!pending.empty() || version_time(target.link, without_end(name, ".tmp"))) {
      spdlog::info("{}: left by a rebuild that was killed; removed", path.string());
      fs::remove(path, error);
    } else if (is_a_manifest_of(target, temporary_of.filename().string()) || temporary_of == target.link) {
      remove_stale_files(temporary_of);
    }
  }
}

void adopt_plain_file(const Target& target, const std::string& before) {
  std::error_code error;
  struct stat info {};
  if (::lstat(target.link.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  if (!is_faiss_index(target.link))
    throw UsageError("is a file by now, and no FAISS index that could be kept as the version before",
                     target.link.string());
  // Older than the version to come, under a name that nothing has.
  std::time_t time = std::min<std::time_t>(info.st_mtime, *version_time(target.link, before) - 1);
  while (target.is_taken(version_name(target.link, time))) --time;
  const std::string version = version_name(target.link, time);
  // A second name for the same file, then the link takes the first name: never absent in between.
  fs::create_hard_link(target.link, target.file(version), error);
  if (error) fs::copy_file(target.link, target.file(version), error);
  if (error) throw RunError("cannot keep the index that is there: " + error.message(), target.link.string());
  const fs::path link = temporary_beside(target.link);
  fs::create_symlink(version, link, error);
  if (error) throw RunError("cannot create the link: " + error.message(), target.link.string());
  rename_file(link, target.link);
  spdlog::info("{}: the index that was there is kept as {}, whatever publish.keep says", target.link.string(),
               version);
}

void publish(const Target& target, const std::string& version, const Manifest& manifest, std::int64_t keep) {
  // Killed between any two of these, the next rebuild finds what is missing (tidy), and no manifest tells of
  // an index that is not there.
  manifest.write(target.pending_manifest(version));
  rename_file(target.building(version), target.file(version));
  fsync_folder(target.folder());
  finish_publishing(target, version);
  std::vector<std::string> all = target.versions();
  std::erase_if(all, [&](const std::string& other) { return other == version || !is_ours(target, other); });
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

std::optional<Manifest> published_manifest(const Target& target) {
  const auto version = target.published();
  if (!version) return std::nullopt;
  return Manifest::read_if_valid(target.manifest(*version));
}

}  // namespace runner::ann
