#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace runner {
namespace fs = std::filesystem;

namespace {

fs::path temporary_beside(const fs::path& target) {
  return fs::path(target.string() + "." + std::to_string(::getpid()) + ".tmp");
}

void create_parent(const fs::path& target) {
  if (!target.has_parent_path()) return;
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (error) throw RunError("cannot create the folder: " + error.message(), target.parent_path().string());
}

}  // namespace

AtomicFile::AtomicFile(fs::path target) : target_(std::move(target)), temporary_(temporary_beside(target_)) {
  create_parent(target_);
  fd_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) throw_errno("cannot create", temporary_.string());
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* bytes, std::size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = ::write(fd_, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("cannot write", target_.string());
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  synced_ = false;
}

void AtomicFile::flush_to_disk() {
  if (::fsync(fd_) != 0) throw_errno("cannot flush to disk", target_.string());
  synced_ = true;
}

void AtomicFile::commit() {
  if (!synced_) flush_to_disk();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    throw_errno("cannot rename into place", target_.string());
  ::close(fd_);
  fd_ = -1;
  fsync_folder(target_.parent_path());
}

void write_file_atomically(const fs::path& target, std::string_view contents) {
  AtomicFile file(target);
  file.write(contents);
  file.commit();
}

void replace_symlink(const fs::path& to, const fs::path& link) {
  create_parent(link);
  const fs::path temporary = temporary_beside(link);
  ::unlink(temporary.c_str());
  if (::symlink(to.c_str(), temporary.c_str()) != 0) throw_errno("cannot create the link", link.string());
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary.c_str());
    errno = code;
    throw_errno("cannot replace the link", link.string());
  }
  fsync_folder(link.parent_path());
}

void fsync_folder(const fs::path& folder) {
  const fs::path path = folder.empty() ? fs::path(".") : folder;
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw_errno("cannot open the folder", path.string());
  const int result = ::fsync(fd);
  const int code = errno;
  ::close(fd);
  errno = code;
  // Some file systems cannot sync a folder and say EINVAL; the rename itself is still atomic there.
  if (result != 0 && code != EINVAL) throw_errno("cannot flush the folder to disk", path.string());
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code error;
  if (!in || fs::is_directory(path, error)) throw_errno("cannot read", path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

}  // namespace runner
