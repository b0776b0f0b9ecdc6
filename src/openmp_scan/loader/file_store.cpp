#include "openmp_scan/loader/file_store.h"

#include <sys/stat.h>

#include <cstdlib>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "base/json_file.h"
#include "base/log.h"
#include "openmp_scan/binaries/binary_file.h"
#include "openmp_scan/loader/store_format.h"

namespace runner::runtime {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t most_bytes = std::size_t{64} << 20;
}

FileStore::FileStore(fs::path cache) : cache_(std::move(cache)) {
  std::error_code error;
  if (cache_.empty() || !fs::is_regular_file(cache_, error)) return;
  try {
    const Json all = read_store(read_regular_file(cache_, most_bytes));
    if (integer_in(all, "version") != store_version) return;
    for (const auto& [path, packed] : member_in(all, "files").items()) {
      Entry entry;
      auto file = std::make_shared<BinaryFile>();
      unpack(packed, entry.stamp, *file);
      entry.file = std::move(file);
      entries_.emplace(path, std::move(entry));
    }
  } catch (const std::exception& broken) {
    spdlog::debug("{}: cache not usable, read again: {}", cache_.string(), broken.what());
    entries_.clear();
  }
}

void FileStore::save() {
  if (cache_.empty() || !changed_) return;
  try {
    Json files = Json::object();
    for (const auto& [path, entry] : entries_)
      if (entry.used) files[path] = pack(entry.stamp, *entry.file);
    // Paths need not be UTF-8; those entries are left to be read again.
    const std::vector<std::uint8_t> bytes = Json::to_cbor(Json{{"version", store_version}, {"files", files}});
    write_file_atomically(cache_,
                          std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    changed_ = false;
  } catch (const std::exception& error) {
    spdlog::debug("the scan's cache is not written: {}", error.what());
  }
}

bool FileStore::stamp(const std::string& path, FileStamp& result) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || S_ISDIR(status.st_mode)) return false;
#ifdef __APPLE__
  const struct timespec& modified = status.st_mtimespec;
#else
  const struct timespec& modified = status.st_mtim;
#endif
  result = {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
            static_cast<std::uint64_t>(status.st_size),
            static_cast<std::int64_t>(modified.tv_sec) * 1'000'000'000 + modified.tv_nsec};
  return true;
}

std::shared_ptr<const BinaryFile> FileStore::get(const std::string& path, const FileStamp& stamp) {
  if (const auto it = entries_.find(path); it != entries_.end() && it->second.stamp == stamp) {
    it->second.used = true;
    return it->second.file;
  }
  auto file = std::make_shared<const BinaryFile>(read_binary(path));
  const bool could_open =
      !(file->images.empty() && file->is_binary);  // permission may change without a trace
  entries_[path] = {could_open ? stamp : FileStamp{}, file, could_open};
  changed_ = changed_ || could_open;
  return file;
}

fs::path cache_folder(const fs::path& wanted) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  if (!wanted.empty()) return wanted;
  if (fs::path own = variable("RUNNER_CACHE_DIR"); !own.empty()) return own;
  if (const fs::path xdg = variable("XDG_CACHE_HOME"); xdg.is_absolute()) return xdg / "runner";
  if (const fs::path home = variable("HOME"); home.is_absolute()) return home / ".cache" / "runner";
  return {};
}

fs::path cache_file(const fs::path& folder, const std::vector<fs::path>& paths) {
  if (folder.empty()) return {};
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const fs::path& path : paths) {
    std::error_code error;
    for (const char c : fs::absolute(path, error).string() + '\n')
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return folder / "scan" / fmt::format("{:016x}.cbor", hash);
}

}  // namespace runner::runtime
