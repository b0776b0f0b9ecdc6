#include "base/temporary_name.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "base/error.h"
#include "base/file_system.h"
#include "base/log.h"

namespace runner {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t digits = 16;

bool all_of(const std::string& text, const char* allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string::npos;
}

// Takes the lock unless a tidying process was faster and has removed the name. Where locks do not work nobody
// can tidy either, so that counts as taken.
bool keep(int fd) {
  while (::flock(fd, LOCK_EX) != 0)
    if (errno != EINTR) return true;
  return file_system().has_name(fd);
}

// Removed under its lock: a writer that has just created it sees that, and takes another name.
void remove_if_unlocked(const fs::path& path) {
  const int fd = file_system().open_to_read(path);
  if (fd < 0) return;
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && ::flock(fd, LOCK_EX | LOCK_NB) == 0 &&
      file_system().unlink(path) == 0)
    spdlog::info("{}: left by a process that was killed while it wrote; removed", path.string());
  ::close(fd);
}

template <class Remove>
void remove_stale(const fs::path& target, const Remove& remove) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const std::string name = target.filename().string();
  for (const fs::path& path : file_system().list(folder))
    if (is_temporary_of(path.filename().string(), name)) remove(path);
}

}  // namespace

fs::path temporary_beside(const fs::path& target) {
  std::random_device random;
  return fs::path(target.string() + fmt::format(".{:08x}{:08x}.tmp", random(), random()));
}

bool is_temporary_of(const std::string& name, const std::string& target) {
  const std::string head = target + ".", tail = ".tmp";
  if (name.size() <= head.size() + tail.size() || !name.starts_with(head) || !name.ends_with(tail))
    return false;
  const std::string middle = name.substr(head.size(), name.size() - head.size() - tail.size());
  if (middle.size() == digits) return all_of(middle, "0123456789abcdef");
  return middle.size() < 10 && middle[0] != '0' && all_of(middle, "0123456789");
}

TemporaryFile create_temporary(const fs::path& target) {
  while (true) {
    TemporaryFile file{temporary_beside(target)};
    file.fd = file_system().create(file.path);
    if (file.fd < 0 && errno == EEXIST) continue;
    if (file.fd < 0) throw_errno("cannot create", file.path.string());
    if (keep(file.fd)) return file;
    ::close(file.fd);
  }
}

void remove_stale_files(const fs::path& target) {
  remove_stale(target, remove_if_unlocked);
}

void remove_stale_links(const fs::path& link) {
  remove_stale(link, [](const fs::path& path) {
    if (S_ISLNK(file_system().mode_of(path))) file_system().unlink(path);
  });
}

}  // namespace runner
