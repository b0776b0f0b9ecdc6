#include "base/atomic_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "base/error.h"
#include "base/file_system.h"
#include "base/input_file.h"
#include "base/temporary_name.h"
#include "base/write_access.h"

namespace runner {
namespace fs = std::filesystem;

namespace {

void create_parent(const fs::path& target) {
  if (!target.has_parent_path()) return;
  refuse_foreign_links(target.parent_path());
  if (file_system().create_folders(target.parent_path()) != 0)
    throw_errno("cannot create the folder", target.parent_path().string());
}

// The kind of thing that stands where a file is to come; "" where nothing or a regular file does.
std::string in_the_way(const fs::path& target) {
  const mode_t mode = file_system().mode_of(target);
  return mode == 0 || S_ISREG(mode) ? "" : describe_kind(mode);
}

// Puts the finished file under a name that nothing has: a link of its own, or, where the file system has no
// hard links, a rename over an empty file created for it. False when the name is taken.
bool move_to_free_name(const fs::path& temporary, const fs::path& target) {
  if (file_system().link(temporary, target) == 0) {
    file_system().unlink(temporary);
    return true;
  }
  if (errno == EEXIST) return false;
  const int fd = file_system().create(target);
  if (fd < 0 && errno == EEXIST) return false;
  if (fd < 0) throw_errno("cannot create", target.string());
  ::close(fd);
  if (file_system().rename(temporary, target) == 0) return true;
  const int code = errno;
  file_system().unlink(target);
  errno = code;
  throw_errno("cannot rename into place", target.string());
}

// Throws UsageError unless a link of ours (or nothing, by now) stands there.
void refuse_foreign_link(const fs::path& link, const IsOurs& is_ours) {
  const mode_t mode = file_system().mode_of(link);
  if (mode == 0) return;
  if (!S_ISLNK(mode))
    throw UsageError("is " + describe_kind(mode) + " that is not ours; it stays, and no link is made",
                     link.string());
  const fs::path before = file_system().read_link(link);
  if (!before.empty() && !is_ours(before))
    throw UsageError("is a link to " + before.string() + ", which is not ours; it stays as it is",
                     link.string());
}

}  // namespace

std::string describe_kind(::mode_t mode) {
  if (S_ISREG(mode)) return "a file";
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISLNK(mode)) return "a link";
  if (S_ISFIFO(mode)) return "a fifo";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

fs::path numbered(const fs::path& name, int number) {
  if (number == 1) return name;
  fs::path result = name;
  return result.replace_filename(name.stem().string() + "_" + std::to_string(number) +
                                 name.extension().string());
}

AtomicFile::AtomicFile(fs::path target, IfTaken if_taken) : target_(std::move(target)), if_taken_(if_taken) {
  create_parent(target_);
  remove_stale_files(target_);
  TemporaryFile file = create_temporary(target_);
  temporary_ = std::move(file.path);
  fd_ = file.fd;
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  file_system().unlink(temporary_);
}

void AtomicFile::write(const void* bytes, std::size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = file_system().write(fd_, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("cannot write", target_.string());
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  synced_ = false;
}

void AtomicFile::flush_to_disk() {
  if (file_system().flush(fd_) != 0) throw_errno("cannot flush to disk", target_.string());
  synced_ = true;
}

void AtomicFile::commit() {
  if (!synced_) flush_to_disk();
  if (if_taken_ == IfTaken::count_on) {
    const fs::path first = target_;
    for (int number = 1; !move_to_free_name(temporary_, target_ = numbered(first, number)); ++number) {
    }
  } else {
    const std::string other = in_the_way(target_);
    if (!other.empty())
      throw RunError("is " + other + " by now; only a regular file is replaced", target_.string());
    if (file_system().rename(temporary_, target_) != 0)
      throw_errno("cannot rename into place", target_.string());
  }
  ::close(fd_);
  fd_ = -1;
  fsync_folder(target_.parent_path());
}

void write_file_atomically(const fs::path& target, std::string_view contents) {
  AtomicFile file(target);
  file.write(contents);
  file.commit();
}

bool points_beside(const fs::path& to) {
  return !to.has_parent_path() && !to.empty() && to != "." && to != "..";
}

void replace_symlink(const fs::path& to, const fs::path& link, const IsOurs& is_ours) {
  create_parent(link);
  remove_stale_links(link);
  while (file_system().symlink(to, link) != 0) {
    if (errno != EEXIST) throw_errno("cannot create the link", link.string());
    refuse_foreign_link(link, is_ours);
    const fs::path temporary = temporary_beside(link);
    if (file_system().symlink(to, temporary) != 0) throw_errno("cannot create the link", link.string());
    if (file_system().rename(temporary, link) == 0) break;
    const int code = errno;
    file_system().unlink(temporary);
    errno = code;
    // Gone: another process that replaces this link took it for a killed one's.
    if (code != ENOENT) throw_errno("cannot replace the link", link.string());
  }
  fsync_folder(link.parent_path());
}

void fsync_folder(const fs::path& folder) {
  const fs::path path = folder.empty() ? fs::path(".") : folder;
  // Some file systems cannot sync a folder and say EINVAL; the rename itself is still atomic there.
  if (file_system().flush_folder(path) != 0 && errno != EINVAL)
    throw_errno("cannot flush the folder to disk", path.string());
}

std::string read_file(const fs::path& path) {
  return read_regular_file(path, std::numeric_limits<std::size_t>::max());
}

}  // namespace runner
