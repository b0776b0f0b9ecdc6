#include "openmp_scan/binaries/binary_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/transfer.h"

namespace runner::runtime {

std::optional<std::string> BinaryBytes::text(std::uint64_t offset, std::uint64_t end,
                                             std::size_t longest) const {
  end = std::min(end, size());
  if (offset >= end) return std::nullopt;
  std::string result;
  char piece[64];
  while (offset < end && result.size() < longest) {
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(sizeof piece, end - offset));
    if (!read(offset, piece, n)) return std::nullopt;
    if (const void* nul = std::memchr(piece, 0, n)) {
      result.append(piece, static_cast<std::size_t>(static_cast<const char*>(nul) - piece));
      return result;
    }
    result.append(piece, n);
    offset += n;
  }
  return std::nullopt;
}

std::vector<char> BinaryBytes::bytes(std::uint64_t offset, std::uint64_t n) const {
  if (offset >= size()) return {};
  std::vector<char> result(static_cast<std::size_t>(std::min(n, size() - offset)));
  if (!read(offset, result.data(), result.size())) result.clear();
  return result;
}

bool MemorySource::read(std::uint64_t offset, void* to, std::size_t n) const {
  if (offset > bytes_.size() || n > bytes_.size() - offset) return false;
  if (n > 0) std::memcpy(to, bytes_.data() + offset, n);
  return true;
}

std::optional<FileSource> FileSource::open(const std::filesystem::path& path, std::string& error) {
  // O_NONBLOCK: opening a FIFO that nobody writes to must not wait.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    error = std::string("cannot open: ") + std::strerror(errno);
    return std::nullopt;
  }
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    error = S_ISDIR(status.st_mode) ? "is a folder" : "is not a regular file";
    ::close(fd);
    return std::nullopt;
  }
  return FileSource(fd, static_cast<std::uint64_t>(status.st_size));
}

FileSource::FileSource(FileSource&& other) noexcept
    : fd_(other.fd_), size_(other.size_), blocks_(std::move(other.blocks_)) {
  other.fd_ = -1;
}

FileSource::~FileSource() {
  if (fd_ >= 0) ::close(fd_);
}

const FileSource::Block* FileSource::block(std::uint64_t number) const {
  if (blocks_.empty()) blocks_.resize(block_count);
  Block& b = blocks_[number % block_count];
  if (b.number != number) {
    const ssize_t got = read_at(fd_, b.bytes.data(), block_bytes, static_cast<off_t>(number * block_bytes));
    if (got < 0) return nullptr;
    b.number = number;
    b.filled = static_cast<std::size_t>(got);
  }
  return &b;
}

bool FileSource::read(std::uint64_t offset, void* to, std::size_t n) const {
  if (offset > size_ || n > size_ - offset) return false;
  auto* out = static_cast<char*>(to);
  if (n > block_bytes) return read_at(fd_, out, n, static_cast<off_t>(offset)) == static_cast<ssize_t>(n);
  while (n > 0) {
    const Block* b = block(offset / block_bytes);
    const std::size_t within = offset % block_bytes;
    if (b == nullptr || within >= b->filled) return false;
    const std::size_t part = std::min(n, b->filled - within);
    std::memcpy(out, b->bytes.data() + within, part);
    out += part;
    offset += part;
    n -= part;
  }
  return true;
}

template <class T>
T Fields::get(std::uint64_t offset) const {
  unsigned char raw[sizeof(T)];
  if (!source_.read(offset, raw, sizeof raw)) {
    failed_ = true;
    return 0;
  }
  if (swapped_) std::reverse(std::begin(raw), std::end(raw));
  T value;
  std::memcpy(&value, raw, sizeof value);
  return value;
}
template std::uint16_t Fields::get<std::uint16_t>(std::uint64_t) const;
template std::uint32_t Fields::get<std::uint32_t>(std::uint64_t) const;
template std::uint64_t Fields::get<std::uint64_t>(std::uint64_t) const;

void find_markers(const BinaryBytes& source, std::uint64_t offset, std::uint64_t n,
                  std::span<const std::string_view> markers,
                  const std::function<void(std::size_t, std::string_view)>& found) {
  constexpr std::size_t chunk = 1 << 20, overlap = 160;  // overlap: a marker may lie across two chunks
  std::vector<bool> seen(markers.size(), false);
  const std::uint64_t end = std::min(saturating_add(offset, n), source.size());
  while (offset < end) {
    const std::vector<char> bytes =
        source.bytes(offset, std::min<std::uint64_t>(chunk + overlap, end - offset));
    if (bytes.empty()) return;
    const std::string_view text(bytes.data(), bytes.size());
    for (std::size_t m = 0; m < markers.size(); ++m) {
      if (seen[m]) continue;
      const void* at = ::memmem(text.data(), text.size(), markers[m].data(), markers[m].size());
      if (at == nullptr) continue;
      const auto position = static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
      if (position >= chunk && end - offset > chunk + overlap) continue;  // whole in the next chunk
      seen[m] = true;
      found(m, text.substr(position, overlap));
    }
    offset += chunk;
  }
}

}  // namespace runner::runtime
