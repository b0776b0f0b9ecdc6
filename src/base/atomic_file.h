#pragma once
// Files that appear whole or not at all: written under a temporary name beside the target, fsynced, renamed,
// and the folder fsynced. The last good file stays until the new one is complete.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace runner {

class AtomicFile {
 public:
  // Opens TARGET.<pid>.tmp. Creates the parent folders. Removes such files of this target whose process is
  // gone and that no one holds locked. Throws RunError.
  explicit AtomicFile(std::filesystem::path target);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // without commit(), the temporary file is removed

  void write(const void* bytes, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void flush_to_disk();  // fsync
  void commit();         // fsync if not yet done, rename over the target, fsync the folder

  int fd() const { return fd_; }
  const std::filesystem::path& temporary() const { return temporary_; }
  const std::filesystem::path& target() const { return target_; }

 private:
  std::filesystem::path target_, temporary_;
  int fd_ = -1;
  bool synced_ = false;
};

void write_file_atomically(const std::filesystem::path& target, std::string_view contents);
// Replaces `link` (or creates it) so that it points to `to`; never absent in between.
void replace_symlink(const std::filesystem::path& to, const std::filesystem::path& link);
void fsync_folder(const std::filesystem::path& folder);
// Whole contents; throws RunError naming the file.
std::string read_file(const std::filesystem::path& path);

}  // namespace runner
