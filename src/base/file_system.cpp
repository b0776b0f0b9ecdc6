#include "base/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/flush.h"

namespace runner {
namespace fs = std::filesystem;

namespace {

FileSystem& the_systems() {
  static FileSystem systems;
  return systems;
}

FileSystem*& in_use() {
  static FileSystem* current = &the_systems();
  return current;
}

}  // namespace

int FileSystem::create(const fs::path& path) {
  return ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

int FileSystem::open_to_append(const fs::path& path) {
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  return ::open(path.c_str(), flags, 0644);
}

int FileSystem::open_to_read(const fs::path& path) {
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

ssize_t FileSystem::write(int fd, const void* bytes, std::size_t size) {
  return ::write(fd, bytes, size);
}

int FileSystem::truncate(int fd, off_t size) {
  return ::ftruncate(fd, size);
}

int FileSystem::flush(int fd) {
  return flush_to_disk(fd);
}

bool FileSystem::has_name(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) != 0 || info.st_nlink > 0;
}

int FileSystem::link(const fs::path& file, const fs::path& name) {
  return ::link(file.c_str(), name.c_str());
}

int FileSystem::symlink(const fs::path& to, const fs::path& name) {
  return ::symlink(to.c_str(), name.c_str());
}

int FileSystem::rename(const fs::path& from, const fs::path& to) {
  return ::rename(from.c_str(), to.c_str());
}

int FileSystem::unlink(const fs::path& path) {
  return ::unlink(path.c_str());
}

int FileSystem::create_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  errno = error.value();
  return error ? -1 : 0;
}

int FileSystem::flush_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  const int result = flush(fd);
  const int code = errno;
  ::close(fd);
  errno = code;
  return result;
}

mode_t FileSystem::mode_of(const fs::path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode : 0;
}

fs::path FileSystem::read_link(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error);
}

std::vector<fs::path> FileSystem::list(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    found.push_back(it->path());
  return found;
}

FileSystem& file_system() {
  return *in_use();
}

FileSystem& exchange_file_system(FileSystem& other) {
  return *std::exchange(in_use(), &other);
}

}  // namespace runner
