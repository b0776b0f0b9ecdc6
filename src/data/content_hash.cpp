#include "data/content_hash.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/input_file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/transfer.h"

namespace runner::data {
namespace {

constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87ull, prime2 = 0xC2B2AE3D27D4EB4Full,
                        prime3 = 0x165667B19E3779F9ull, prime4 = 0x85EBCA77C2B2AE63ull,
                        prime5 = 0x27D4EB2F165667C5ull;

template <class T>
T load(const unsigned char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t input) {
  return std::rotl(lane + input * prime2, 31) * prime1;
}

void stripe(std::uint64_t* lanes, const unsigned char* at) {
  for (std::size_t i = 0; i < 4; ++i) lanes[i] = round(lanes[i], load<std::uint64_t>(at + 8 * i));
}

}  // namespace

void ContentHash::update(const void* bytes, std::size_t size) {
  if (size == 0) return;
  const unsigned char* at = static_cast<const unsigned char*>(bytes);
  total_ += size;
  if (pending_ != 0) {
    const std::size_t fill = std::min(size, sizeof rest_ - pending_);
    std::memcpy(rest_ + pending_, at, fill);
    pending_ += fill;
    at += fill;
    size -= fill;
    if (pending_ < sizeof rest_) return;
    stripe(lanes_, rest_);
    pending_ = 0;
  }
  std::uint64_t lanes[4] = {lanes_[0], lanes_[1], lanes_[2], lanes_[3]};
  for (; size >= 32; at += 32, size -= 32) stripe(lanes, at);
  std::memcpy(lanes_, lanes, sizeof lanes);
  std::memcpy(rest_, at, size);
  pending_ = size;
}

std::uint64_t ContentHash::value() const {
  std::uint64_t hash = prime5;
  if (total_ >= 32) {
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) +
           std::rotl(lanes_[3], 18);
    for (const std::uint64_t lane : lanes_) hash = (hash ^ round(0, lane)) * prime1 + prime4;
  }
  hash += total_;
  std::size_t i = 0;
  for (; i + 8 <= pending_; i += 8)
    hash = std::rotl(hash ^ round(0, load<std::uint64_t>(rest_ + i)), 27) * prime1 + prime4;
  if (i + 4 <= pending_) {
    hash = std::rotl(hash ^ load<std::uint32_t>(rest_ + i) * prime1, 23) * prime2 + prime3;
    i += 4;
  }
  for (; i < pending_; ++i) hash = std::rotl(hash ^ rest_[i] * prime5, 11) * prime1;
  hash = (hash ^ hash >> 33) * prime2;
  hash = (hash ^ hash >> 29) * prime3;
  return hash ^ hash >> 32;
}

std::string ContentHash::hex() const {
  return fmt::format("{:016x}", value());
}

int open_input(const std::filesystem::path& path) {
  try {
    return open_regular_file(path);
  } catch (const RunError& error) {
    throw DataError(error.what(), error.place());
  }
}

std::string hash_file(const std::filesystem::path& path) {
  constexpr std::int64_t mb = 1'000'000;
  const int fd = open_input(path);
  std::vector<char> buffer(1 << 20);
  ContentHash hash;
  Progress progress("hash " + path.filename().string(), static_cast<std::int64_t>(stamp_of(fd).size) / mb,
                    "MB");
  std::int64_t done = 0;
  ssize_t got;
  while ((got = read_some(fd, buffer.data(), buffer.size())) > 0) {
    hash.update(buffer.data(), static_cast<std::size_t>(got));
    progress.update((done += got) / mb);
  }
  const int code = errno;
  ::close(fd);
  if (got < 0) throw DataError(std::string("cannot read: ") + std::strerror(code), path.string());
  return hash.hex();
}

namespace {

FileStamp to_stamp(const struct stat& info) {
#ifdef __APPLE__
  const struct timespec& time = info.st_mtimespec;
#else
  const struct timespec& time = info.st_mtim;
#endif
  return {static_cast<std::uint64_t>(info.st_size), static_cast<std::uint64_t>(info.st_ino),
          static_cast<std::int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec};
}

}  // namespace

FileStamp file_stamp(const std::filesystem::path& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0)
    throw DataError(std::string("cannot open: ") + std::strerror(errno), path.string());
  return to_stamp(info);
}

FileStamp stamp_of(int descriptor) {
  struct stat info = {};
  return ::fstat(descriptor, &info) == 0 ? to_stamp(info) : FileStamp{};
}

}  // namespace runner::data
