#include "data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/transfer.h"
#include "data/content_hash.h"

namespace runner::data {
namespace {

// Descriptors are few (1,024 by default, 256 on macOS) and a job may read thousands of files: those above
// this one are closed once mapped.
int highest_kept() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 63;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur / 4, 256)) - 1;
}

std::uint64_t page_size() {
  static const std::uint64_t size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// Closes the descriptor when it cannot.
std::byte* map(int fd, std::uint64_t size, int protection, const std::string& path) {
  if (size == 0) return nullptr;
  void* at = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED) return static_cast<std::byte*>(at);
  const int code = errno;
  ::close(fd);
  errno = code;
  throw_errno("cannot map into memory", path);
}

// The descriptor to keep for reading: this one, or none where it is one too many or there is nothing to read.
int keep(int fd, std::uint64_t size) {
  if (fd <= highest_kept() && size > 0) return fd;
  ::close(fd);
  return -1;
}

// Space is taken now, so that a full disk is an error here and not a SIGBUS at a later store.
void take_space(int fd, std::uint64_t size, const std::string& path) {
#ifdef __linux__
  const int code = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
  if (code == 0) return;
  errno = code;
#else
  fstore_t space{F_ALLOCATEALL, F_PEOFPOSMODE, 0, static_cast<off_t>(size), 0};
  // A file system that cannot reserve space says so with another code than ENOSPC: then it is only sized.
  const bool full = ::fcntl(fd, F_PREALLOCATE, &space) != 0 && errno == ENOSPC;
  if (!full && ::ftruncate(fd, static_cast<off_t>(size)) == 0) return;
#endif
  const int kept = errno;
  ::close(fd);
  errno = kept;
  throw_errno("cannot make a scratch file of " + std::to_string(size) +
                  " bytes (deflated arrays are unpacked there; TMPDIR says where)",
              path);
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path.string()) {
  const int fd = open_input(path);
  size_ = stamp_of(fd).size;
  data_ = map(fd, size_, PROT_READ, path_);
  fd_ = keep(fd, size_);
}

MappedFile MappedFile::scratch(std::uint64_t size) {
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder != nullptr && *folder != 0 ? folder : "/tmp") + "/runner.XXXXXX";
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) throw_errno("cannot make a scratch file (TMPDIR says where)", path);
  ::unlink(path.c_str());
  MappedFile file;
  file.path_ = path;
  file.size_ = std::max<std::uint64_t>(size, 1);
  take_space(fd, file.size_, path);
  file.data_ = map(fd, file.size_, PROT_READ | PROT_WRITE, path);
  file.fd_ = keep(fd, file.size_);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(other.size_),
      fd_(std::exchange(other.fd_, -1)) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
  if (fd_ >= 0) ::close(fd_);
}

void MappedFile::read(std::uint64_t offset, void* out, std::size_t count) const {
  if (fd_ < 0) {
    std::memcpy(out, data_ + offset, count);
    return;
  }
  const ssize_t got = read_at(fd_, out, count, static_cast<off_t>(offset));
  if (got < 0) throw DataError(std::string("cannot read: ") + std::strerror(errno), path_);
  if (static_cast<std::size_t>(got) < count)
    throw DataError("it has become shorter while it was read", path_);
}

void MappedFile::prefetch(std::uint64_t offset, std::uint64_t length) const {
  if (data_ == nullptr || offset >= size_) return;
  const std::uint64_t first = offset / page_size() * page_size();
  length = std::min(size_ - first, offset - first + length);
#ifdef MADV_POPULATE_READ
  // One call instead of a page fault for each 64 KB; kernels before 5.14 do not know it.
  if (::madvise(data_ + first, length, MADV_POPULATE_READ) == 0) return;
#endif
  ::madvise(data_ + first, length, MADV_WILLNEED);
}

void MappedFile::release(std::uint64_t offset, std::uint64_t length) const {
  if (data_ == nullptr || offset >= size_) return;
  // Touching a page maps its neighbours too (the 64 KB around it, or the whole folio of up to 2 MB), those
  // before it that were given back already among them: without this, a stream leaves some pages mapped at
  // each of its blocks, 6 % of the file in the end.
  constexpr std::uint64_t fault_around = 2 << 20;
  const std::uint64_t begin = offset - std::min(offset, fault_around);
  const std::uint64_t first = begin / page_size() * page_size();
  ::madvise(data_ + first, std::min(size_ - first, offset - first + length), MADV_DONTNEED);
}

}  // namespace runner::data
