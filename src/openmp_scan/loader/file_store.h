#pragma once
// Files that were read, kept in memory and on disk: an entry holds as long as the file's time, size and inode
// do.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "openmp_scan/binaries/image.h"

namespace runner::runtime {

struct FileStamp {
  std::uint64_t device = 0, inode = 0, bytes = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

class FileStore {
 public:
  FileStore() = default;  // memory only
  // Starts with what `cache` holds; an absent, old or broken cache is an empty one.
  explicit FileStore(std::filesystem::path cache);
  // Writes what was added since; a cache that cannot be written costs time only.
  void save();

  // nothing when `path` is no existing regular file.
  static bool stamp(const std::string& path, FileStamp& result);
  std::shared_ptr<const BinaryFile> get(const std::string& path, const FileStamp& stamp);

 private:
  struct Entry {
    FileStamp stamp;
    std::shared_ptr<const BinaryFile> file;
    bool used = false;
  };
  std::unordered_map<std::string, Entry> entries_;
  std::filesystem::path cache_;
  bool changed_ = false;
};

// The folder for caches: `wanted`, else RUNNER_CACHE_DIR, $XDG_CACHE_HOME/runner, ~/.cache/runner; "" for
// none.
std::filesystem::path cache_folder(const std::filesystem::path& wanted);
// The cache's file for a scan of these paths.
std::filesystem::path cache_file(const std::filesystem::path& folder,
                                 const std::vector<std::filesystem::path>& paths);

}  // namespace runner::runtime
