#pragma once
// An advisory lock on a file (flock): released by the kernel when its holder ends, however it ends.

#include <filesystem>
#include <optional>

namespace runner {

class FileLock {
 public:
  // Waits for the lock. Creates the file (and its folder) when absent; a file that is not ours is locked and
  // keeps its contents. Throws UsageError for a link, a folder, a fifo or a device, RunError for the rest.
  static FileLock wait(const std::filesystem::path& path);
  // The lock, or nothing when another process holds it.
  static std::optional<FileLock> try_lock(const std::filesystem::path& path);
  // Process number that the current or last holder wrote; 0 when unknown.
  static int holder(const std::filesystem::path& path);
  // True when some process holds it. Creates nothing, and needs no right to write.
  static bool held(const std::filesystem::path& path);

  // The file at `path` is still the one that is locked: nobody has removed, renamed or replaced it.
  bool still_at(const std::filesystem::path& path) const;

  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace runner
