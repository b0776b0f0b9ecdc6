#include "openmp_scan/loader/folder_walk.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <set>

namespace runner::runtime {

namespace fs = std::filesystem;

namespace {

constexpr int deepest = 128;

bool has_library_name(const std::string& name) {
  if (name.ends_with(".so") || name.ends_with(".dylib") || name.ends_with(".bundle")) return true;
  const std::size_t at = name.find(".so.");  // libgomp.so.1, but not notes.so.txt
  return at != std::string::npos && name.find_first_not_of("0123456789.", at + 4) == std::string::npos;
}

std::string python_of(const std::string& name) {
  const std::size_t at = name.find(".cpython-");
  if (at == std::string::npos) return "";
  const std::size_t end = name.find_first_of("-.", at + 9);
  return name.substr(at + 1, end == std::string::npos ? end : end - at - 1);
}

// "numpy.libs", "sklearn/.dylibs" and the like hold what wheels bring along.
bool is_bundle(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name.ends_with(".libs") || name.ends_with(".dylibs");
}

class Walk {
 public:
  explicit Walk(fs::path top) : top_(std::move(top)) {
    std::error_code error;
    top_is_package_ = fs::exists(top_ / "__init__.py", error);
    real_top_ = fs::canonical(top_, error);
  }

  void into(const fs::path& folder, int depth) {
    struct stat status {};
    if (depth > deepest || ::stat(folder.c_str(), &status) != 0) return;
    if (!seen_.emplace(status.st_dev, status.st_ino).second) return;
    DIR* listing = ::opendir(folder.c_str());
    if (listing == nullptr) {
      result.problems.push_back(folder.string() + ": cannot list the folder: " + std::strerror(errno));
      return;
    }
    std::vector<fs::path> folders;
    while (const dirent* entry = ::readdir(listing)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (is_folder(folder / name, entry->d_type))
        folders.push_back(folder / name);
      else if (has_library_name(name))
        take(folder / name);
    }
    ::closedir(listing);
    for (const fs::path& next : folders) into(next, depth + 1);
  }

  FolderListing result;

 private:
  bool is_folder(const fs::path& path, unsigned char type) const {
    if (type == DT_DIR) return true;
    if (type != DT_LNK && type != DT_UNKNOWN) return false;
    std::error_code error;
    if (!fs::is_directory(path, error)) return false;
    // A link to a folder above this tree would bring in the whole system.
    const std::string target = fs::canonical(path, error).string();
    return !real_top_.string().starts_with(target == "/" ? "/" : target + "/");
  }

  void take(const fs::path& path) {
    FolderFile file;
    const std::string name = path.filename().string();
    file.path = path;
    file.package = package_of(path);
    file.python = python_of(name);
    file.is_bundled = path.parent_path() != top_ && is_bundle(path.parent_path());
    file.is_module =
        !file.python.empty() || name.find(".abi3.") != std::string::npos || !name.starts_with("lib");
    result.files.push_back(std::move(file));
  }

  // The first component below site-packages, or below the tree's top.
  fs::path package_of(const fs::path& path) const {
    if (top_is_package_) return top_;
    fs::path package = top_;
    const fs::path relative = path.lexically_relative(top_);
    auto from = relative.begin();
    for (auto it = relative.begin(); it != relative.end(); ++it)
      if (*it == "site-packages" || *it == "dist-packages") from = std::next(it);
    for (auto it = relative.begin(); it != from; ++it) package /= *it;
    return from == relative.end() ? package : package / *from;
  }

  fs::path top_, real_top_;
  bool top_is_package_ = false;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

FolderListing list_binaries(const fs::path& folder) {
  std::error_code error;
  fs::path top = fs::absolute(folder, error).lexically_normal();
  if (!top.has_filename()) top = top.parent_path();  // "DIR/" → "DIR"
  Walk walk(top);
  walk.into(top, 0);
  std::sort(walk.result.files.begin(), walk.result.files.end(), [](const FolderFile& a, const FolderFile& b) {
    return a.is_module != b.is_module ? a.is_module : a.path < b.path;
  });
  return std::move(walk.result);
}

}  // namespace runner::runtime
