#include "base/output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/signatures.h"
#include "base/version_name.h"
#include "base/write_access.h"

namespace runner {
namespace fs = std::filesystem;

namespace {

// What this program adds to a name, at most: .20261121T060226Z, .manifest.json, and a temporary name's end.
constexpr std::size_t stamp_size = 17, manifest_size = 14, temporary_size = 21;

// What stands under the name itself (of a link: the link); nothing when nothing does.
std::optional<struct stat> look(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  return info;
}

std::string points_to(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error).string();
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

std::string bad_text(const Output& output) {
  const char* wanted = output.kind == OutputKind::folder ? "name a folder" : "name a file";
  if (output.path.empty()) return fmt::format("is empty; {}", wanted);
  if (output.path.find('\0') != std::string::npos) return "holds a NUL character, which no file name can";
  if (output.kind != OutputKind::folder && output.path.back() == '/')
    return fmt::format("'{}' is the name of a folder; {}", output.path, wanted);
  return "";
}

// The nearest folder above that is there must take new names; what is missing below it is created.
std::string bad_folder(const fs::path& path) {
  fs::path folder = folder_of(path);
  while (!look(folder) && errno == ENOENT && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  if (!look(folder) && errno == ENOENT) folder = ".";
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0)
    return fmt::format("its folder {} cannot be used: {}", folder.string(), std::strerror(errno));
  if (!S_ISDIR(info.st_mode))
    return fmt::format("{} is {}, no folder", folder.string(), describe_kind(info.st_mode));
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return fmt::format("nothing can be written into {}: {}", folder.string(), std::strerror(errno));
  return "";
}

std::string bad_length(const Output& output, const fs::path& path) {
  const bool manifest = output.kind == OutputKind::link || !output.manifest_of.empty();
  const std::size_t added = output.kind == OutputKind::folder
                                ? 0
                                : temporary_size + (manifest ? manifest_size : 0) +
                                      (output.kind == OutputKind::link ? stamp_size : 0);
  constexpr std::size_t longest = 255;
  const std::size_t size = path.filename().string().size();
  if (size + added <= longest) return "";
  return fmt::format(
      "a name of {} bytes is too long; {} fit, with what is added for versions and temporary files", size,
      longest - added);
}

// Two names of one file: the same device and inode, through links and hard links.
std::string is_an_input(const Output& output, const fs::path& path) {
  struct stat own {
  }, other{};
  if (::stat(path.c_str(), &own) != 0) return "";
  for (const OutputInput& input : output.inputs)
    if (::stat(input.path.c_str(), &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino)
      return fmt::format("'{}' is the input itself ({}: {}); name another output", output.path, input.key,
                         input.path);
  return "";
}

bool looks_like_its_own_kind(const fs::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".npz") return is_zip(path);
  if (extension == ".json") return is_eval_report(path);
  return extension == ".tsv" || (extension == ".jsonl" && is_json_object(path));
}

// A file of a folder that is read as a whole (a model's): only what a job has put there beside the model may
// be replaced.
std::string is_part_of_an_input(const Output& output, const fs::path& path) {
  std::error_code error;
  const fs::path folder = fs::canonical(folder_of(path), error);
  if (error) return "";
  for (const OutputInput& input : output.inputs) {
    if (!fs::is_directory(input.path, error)) continue;
    const fs::path read = fs::canonical(input.path, error);
    if (std::mismatch(read.begin(), read.end(), folder.begin(), folder.end()).first != read.end()) continue;
    if (names_in_a_run().contains(path.filename().string()) || !looks_like_its_own_kind(path))
      return fmt::format("'{}' belongs to the input ({}: {}); name another output", output.path, input.key,
                         input.path);
  }
  return "";
}

std::string bad_manifest(const Output& output, const fs::path& path) {
  const fs::path manifest = path.string() + ".manifest.json";
  const auto there = look(manifest);
  if (output.manifest_of.empty() || !there) return "";
  if (output.kind == OutputKind::link && S_ISLNK(there->st_mode)) {
    const std::string to = points_to(manifest), end = ".manifest.json";
    if (to.ends_with(end) && version_time(path, to.substr(0, to.size() - end.size()))) return "";
  }
  if (S_ISREG(there->st_mode) && is_manifest_of(output.manifest_of, manifest)) return "";
  return fmt::format(
      "{} would be replaced, and is {} that no `runner {}` wrote; move it away or name another output",
      manifest.string(), describe_kind(there->st_mode), output.manifest_of);
}

std::string bad_file(const Output& output, const fs::path& path, const struct stat& there) {
  if (S_ISLNK(there.st_mode))
    return fmt::format("'{}' is a link to {}; links are not replaced: name the file itself", output.path,
                       points_to(path));
  if (!S_ISREG(there.st_mode))
    return fmt::format("'{}' is {}; name a file", output.path, describe_kind(there.st_mode));
  if ((there.st_mode & 0222) == 0)
    return fmt::format("'{}' is write-protected; name another output", output.path);
  if (!output.named && !looks_like_its_own_kind(path))
    return fmt::format("'{}', the default name, is a file of another kind; name an output", output.path);
  return is_part_of_an_input(output, path);
}

std::string bad_link(const Output& output, const fs::path& path, const struct stat& there) {
  if (S_ISLNK(there.st_mode)) {
    if (version_time(path, points_to(path))) return "";
    return fmt::format(
        "'{}' is a link to {}, which is no version of it; name the file itself or another output",
        output.path, points_to(path));
  }
  if (!S_ISREG(there.st_mode))
    return fmt::format("'{}' is {}; name a file", output.path, describe_kind(there.st_mode));
  if (is_faiss_index(path)) return "";
  return fmt::format(
      "'{}' is a file, and no FAISS index that could be kept as the version before; name another output",
      output.path);
}

std::string bad_lock(const fs::path& path) {
  const fs::path lock = path.string() + ".lock";
  const auto there = look(lock);
  if (!there || S_ISREG(there->st_mode)) return "";
  return fmt::format("{} is {}, and a lock is needed there; move it away or name another output",
                     lock.string(), describe_kind(there->st_mode));
}

// A link to a folder is as good as the folder.
std::string bad_run_folder(const Output& output, const fs::path& path) {
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0)
    return fmt::format("'{}' is a link to {}, which is not there", output.path, points_to(path));
  if (!S_ISDIR(there.st_mode))
    return fmt::format("'{}' is {}; name a folder", output.path, describe_kind(there.st_mode));
  if (::access(path.c_str(), W_OK | X_OK) != 0)
    return fmt::format("nothing can be written into '{}': {}", output.path, std::strerror(errno));
  return "";
}

}  // namespace

std::string objection_to(const Output& output) {
  std::string problem = bad_text(output);
  if (!problem.empty()) return problem;
  fs::path path = output.path;
  if (!path.has_filename()) path = path.parent_path();  // a folder's name may end in /
  const bool folder = output.kind == OutputKind::folder, link = output.kind == OutputKind::link;
  problem = bad_length(output, path);
  if (problem.empty()) problem = foreign_link_on(path);
  const auto there = look(path);
  if (problem.empty() && !(folder && there)) problem = bad_folder(path);
  if (problem.empty() && !folder) problem = is_an_input(output, path);
  if (problem.empty() && there)
    problem = folder ? bad_run_folder(output, path)
              : link ? bad_link(output, path, *there)
                     : bad_file(output, path, *there);
  if (problem.empty()) problem = bad_manifest(output, path);
  if (problem.empty() && link) problem = bad_lock(path);
  return problem;
}

fs::path make_new_folder(const fs::path& name) {
  const fs::path first = name.has_filename() ? name : name.parent_path();
  refuse_foreign_links(folder_of(first));
  std::error_code error;
  fs::create_directories(folder_of(first), error);
  if (error) throw RunError("cannot create the folder: " + error.message(), folder_of(first).string());
  for (int number = 1;; ++number) {
    fs::path folder = number == 1 ? first : fs::path(first.string() + "_" + std::to_string(number));
    if (::mkdir(folder.c_str(), 0777) == 0) return folder;
    if (errno != EEXIST) throw_errno("cannot create the folder", folder.string());
  }
}

}  // namespace runner
