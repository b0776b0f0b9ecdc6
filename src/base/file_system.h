#pragma once
// The calls that change what stands on the disk. What must not be lost (whole files, appended lines, links,
// what killed writers left) is written through them, so that a test can put a file system in memory here that
// fails, or loses power, at any of them.

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <vector>

namespace runner {

// The system's own. Each call answers as the system's: -1 and errno where it fails.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // A new file, open for reading and writing. O_EXCL and O_NOFOLLOW: neither is a link followed nor a file
  // replaced.
  virtual int create(const std::filesystem::path& path);
  // A file, made if need be, to which every write is added. Follows no link and waits for no fifo's reader.
  virtual int open_to_append(const std::filesystem::path& path);
  // Follows no link and waits for no fifo's writer.
  virtual int open_to_read(const std::filesystem::path& path);
  virtual ssize_t write(int fd, const void* bytes, std::size_t size);
  virtual int truncate(int fd, off_t size);
  virtual int flush(int fd);  // base/flush.h
  // Whether the open file still has a name.
  virtual bool has_name(int fd);

  virtual int link(const std::filesystem::path& file, const std::filesystem::path& name);
  virtual int symlink(const std::filesystem::path& to, const std::filesystem::path& name);
  virtual int rename(const std::filesystem::path& from, const std::filesystem::path& to);
  virtual int unlink(const std::filesystem::path& path);
  virtual int create_folders(const std::filesystem::path& folder);
  virtual int flush_folder(const std::filesystem::path& folder);

  // st_mode of what has the name, a link itself and not where it leads; 0: nothing has it.
  virtual mode_t mode_of(const std::filesystem::path& path);
  // Where a link leads; "" for what is none.
  virtual std::filesystem::path read_link(const std::filesystem::path& link);
  // What stands in a folder; nothing where it cannot be read.
  virtual std::vector<std::filesystem::path> list(const std::filesystem::path& folder);
};

// The one that the process writes to.
FileSystem& file_system();
// For tests: puts another in its place and returns the one before. Not while threads write.
FileSystem& exchange_file_system(FileSystem& other);

}  // namespace runner
