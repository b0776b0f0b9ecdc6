#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/log.h"

namespace runner {
namespace fs = std::filesystem;

namespace {

fs::path temporary_beside(const fs::path& target) {
  return fs::path(target.string() + "." + std::to_string(::getpid()) + ".tmp");
}

// The process in the name of a temporary file of this target; 0 for the name of anything else.
pid_t writer_of(const std::string& name, const std::string& target) {
  const std::string head = target + ".", tail = ".tmp";
  if (name.size() <= head.size() + tail.size() || !name.starts_with(head) || !name.ends_with(tail)) return 0;
  const std::string pid = name.substr(head.size(), name.size() - head.size() - tail.size());
  const bool digits = std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c); });
  return digits && pid.size() < 10 ? static_cast<pid_t>(std::stol(pid)) : 0;
}

// A writer holds a lock on its file: one on another machine, or in a container with process numbers of its
// own, is told by that.
bool someone_writes(const fs::path& temporary) {
  const int fd = ::open(temporary.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return true;
  const bool locked = ::flock(fd, LOCK_EX | LOCK_NB) != 0;
  ::close(fd);
  return locked;
}

// Removes what killed writers of this target left.
void remove_stale_temporaries(const fs::path& target) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const std::string name = target.filename().string();
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const pid_t writer = writer_of(it->path().filename().string(), name);
    if (writer == 0 || ::kill(writer, 0) == 0 || errno != ESRCH) continue;
    if (someone_writes(it->path()) || ::unlink(it->path().c_str()) != 0) continue;
    spdlog::info("{}: left by process {}, which was killed while it wrote; removed", it->path().string(),
                 writer);
  }
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
  remove_stale_temporaries(target_);
  fd_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) throw_errno("cannot create", temporary_.string());
  ::flock(fd_, LOCK_EX | LOCK_NB);  // for those who look for stale ones; where locks do not work, so be it
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
