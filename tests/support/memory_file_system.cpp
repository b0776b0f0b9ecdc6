#include "support/memory_file_system.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace runner::test {
namespace fs = std::filesystem;

namespace {

int nameless_file() {
#ifdef __linux__
  return ::memfd_create("file", MFD_CLOEXEC);
#else
  char name[] = "/tmp/runner-test-XXXXXX";
  const int fd = ::mkstemp(name);
  ::unlink(name);
  return fd;
#endif
}

}  // namespace

// A file without a name, so that a descriptor of it is one of the system's: pwrite, fstat and flock work as
// on any.
struct MemoryFileSystem::File {
  int memory = nameless_file();
  std::string flushed;

  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(memory); }

  std::string contents() const {
    struct stat info {};
    ::fstat(memory, &info);
    std::string text(static_cast<std::size_t>(info.st_size), '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(memory, text.data(), text.size(), 0))));
    return text;
  }
  void set(const std::string& text) const {
    if (::ftruncate(memory, 0) != 0 || ::pwrite(memory, text.data(), text.size(), 0) < 0) ::abort();
  }
};

MemoryFileSystem::MemoryFileSystem() : before_(exchange_file_system(*this)) {}

MemoryFileSystem::~MemoryFileSystem() {
  exchange_file_system(before_);
}

void MemoryFileSystem::fail(Fault fault, int at, int code) {
  fault_ = fault;
  calls_left_ = at;
  code_ = code;
  failed_ = full_ = false;
}

void MemoryFileSystem::restart(Unflushed unflushed) {
  if (unflushed == Unflushed::lost) names_ = flushed_;
  for (const auto& [path, name] : names_)
    if (name.file) name.file->set(name.file->flushed);
  flushed_ = names_;
  powered_ = true;
  fail(Fault::none, 0);
}

bool MemoryFileSystem::may_change() {
  if (powered_ && (fault_ == Fault::none || --calls_left_ != 0)) return true;
  failed_ = true;
  errno = powered_ && fault_ == Fault::error ? code_ : EIO;
  if (!powered_ || fault_ == Fault::error) return false;
  powered_ = false;
  throw PowerCut();
}

std::string MemoryFileSystem::contents(const fs::path& path) const {
  const auto at = names_.find(path);
  if (at == names_.end()) return "";
  return at->second.file ? at->second.file->contents() : contents(path.parent_path() / at->second.to);
}

// A description of its own for each, as open() gives.
int MemoryFileSystem::open(const fs::path& path, int flags) {
  return ::open(("/proc/self/fd/" + std::to_string(names_.at(path).file->memory)).c_str(), flags | O_CLOEXEC);
}

std::shared_ptr<MemoryFileSystem::File> MemoryFileSystem::behind(int fd) const {
  struct stat wanted {
  }, info{};
  ::fstat(fd, &wanted);
  for (const auto& [path, name] : names_)
    if (name.file && ::fstat(name.file->memory, &info) == 0 && info.st_ino == wanted.st_ino) return name.file;
  return nullptr;
}

int MemoryFileSystem::create(const fs::path& path) {
  if (names_.contains(path)) {
    errno = EEXIST;
    return -1;
  }
  if (!may_change()) return -1;
  names_[path].file = std::make_shared<File>();
  return open(path, O_RDWR);
}

int MemoryFileSystem::open_to_append(const fs::path& path) {
  if (!names_.contains(path)) {
    if (!may_change()) return -1;
    names_[path].file = std::make_shared<File>();
  }
  return open(path, O_WRONLY | O_APPEND);
}

int MemoryFileSystem::open_to_read(const fs::path& path) {
  return open(path, O_RDONLY);
}

ssize_t MemoryFileSystem::write(int fd, const void* bytes, std::size_t size) {
  if (full_) {
    errno = code_;
    return -1;
  }
  if (may_change()) return ::write(fd, bytes, size);
  full_ = powered_;
  return full_ ? ::write(fd, bytes, size / 2) : -1;
}

int MemoryFileSystem::truncate(int fd, off_t size) {
  return may_change() ? ::ftruncate(fd, size) : -1;
}

int MemoryFileSystem::flush(int fd) {
  if (!may_change()) return -1;
  if (const auto file = behind(fd)) file->flushed = file->contents();
  return 0;
}

bool MemoryFileSystem::has_name(int fd) {
  return behind(fd) != nullptr;
}

int MemoryFileSystem::link(const fs::path& file, const fs::path& name) {
  if (names_.contains(name)) {
    errno = EEXIST;
    return -1;
  }
  if (!may_change()) return -1;
  names_[name] = names_.at(file);
  return 0;
}

int MemoryFileSystem::symlink(const fs::path& to, const fs::path& name) {
  if (names_.contains(name)) {
    errno = EEXIST;
    return -1;
  }
  if (!may_change()) return -1;
  names_[name].to = to;
  return 0;
}

int MemoryFileSystem::rename(const fs::path& from, const fs::path& to) {
  if (!may_change()) return -1;
  const Name moved = names_.at(from);
  names_.erase(from);
  names_[to] = moved;
  return 0;
}

int MemoryFileSystem::unlink(const fs::path& path) {
  if (!may_change()) return -1;
  names_.erase(path);
  return 0;
}

int MemoryFileSystem::create_folders(const fs::path&) {
  return may_change() ? 0 : -1;
}

int MemoryFileSystem::flush_folder(const fs::path& folder) {
  if (!may_change()) return -1;
  std::erase_if(flushed_, [&](const auto& entry) { return entry.first.parent_path() == folder; });
  for (const auto& [path, name] : names_)
    if (path.parent_path() == folder) flushed_[path] = name;
  return 0;
}

mode_t MemoryFileSystem::mode_of(const fs::path& path) {
  const auto at = names_.find(path);
  if (at == names_.end()) return 0;
  return at->second.file ? S_IFREG | 0644 : S_IFLNK | 0777;
}

fs::path MemoryFileSystem::read_link(const fs::path& link) {
  const auto at = names_.find(link);
  return at == names_.end() ? fs::path() : at->second.to;
}

std::vector<fs::path> MemoryFileSystem::list(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& [path, name] : names_)
    if (path.parent_path() == folder) found.push_back(path);
  return found;
}

}  // namespace runner::test
