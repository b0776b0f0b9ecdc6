#include "base/write_access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "base/error.h"
#include "base/log.h"

namespace runner {
namespace fs = std::filesystem;

namespace {

constexpr mode_t everybody = S_IWOTH, group_or_everybody = S_IWGRP | S_IWOTH;
constexpr int most_links = 40;  // as Linux

std::optional<mode_t>& replaced_umask() {
  static std::optional<mode_t> replaced;
  return replaced;
}

bool may_be_followed(const fs::path& folder, const struct stat& link) {
  struct stat around {};
  if (::stat(folder.c_str(), &around) != 0 || (around.st_mode & everybody) == 0) return true;
  return link.st_uid == ::geteuid() || link.st_uid == around.st_uid;
}

std::string objection(const fs::path& link, const fs::path& folder) {
  return fmt::format(
      "{} is a link that another user has made in {}, where everybody may write; it is not followed: name "
      "the place itself, or make "
      "the link yourself",
      link.string(), folder.string());
}

// Walks `path` as the system would, a link in it through what it points to.
std::string walk(const fs::path& path, int& links_left) {
  fs::path there = path.is_absolute() ? fs::path() : fs::path(".");
  for (const fs::path& part : path) {
    const fs::path folder = there.empty() ? fs::path("/") : there;
    there /= part;
    struct stat info {};
    if (part.empty() || ::lstat(there.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) continue;
    if (!may_be_followed(folder, info)) return objection(there, folder);
    std::error_code error;
    const fs::path to = fs::read_symlink(there, error);
    if (error || --links_left < 0) return "";  // whoever opens it is told
    const fs::path target = to.is_absolute() ? to : folder / to;
    std::string problem = walk(target, links_left);
    if (!problem.empty()) return problem;
  }
  return "";
}

}  // namespace

void keep_others_from_writing() {
  const mode_t before = ::umask(0);
  const bool open = (before & everybody) == 0;
  ::umask(open ? before | group_or_everybody : before);
  if (open) replaced_umask() = before;
}

void restore_umask() {
  if (replaced_umask()) ::umask(*replaced_umask());
}

std::string foreign_link_on(const fs::path& path) {
  int links = most_links;
  return walk(path, links);
}

void refuse_foreign_links(const fs::path& path) {
  const std::string problem = foreign_link_on(path);
  if (!problem.empty()) throw RunError(problem, path.string());
}

}  // namespace runner
