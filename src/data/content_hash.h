#pragma once
// A fast content hash: XXH64 with seed 0 (Yann Collet's published algorithm), about memory speed.
// It tells changed inputs apart; it is no defence against someone who wants two files to look alike.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace runner::data {

class ContentHash {
 public:
  void update(const void* bytes, std::size_t size);
  std::uint64_t value() const;
  std::string hex() const;  // 16 digits

 private:
  std::uint64_t lanes_[4] = {0x60EA27EEADC0B5D6ull, 0xC2B2AE3D27D4EB4Full, 0, 0x61C8864E7A143579ull};
  unsigned char rest_[32] = {};
  std::size_t pending_ = 0;
  std::uint64_t total_ = 0;
};

// Of a whole file, read in pieces (nothing stays mapped). Throws DataError.
std::string hash_file(const std::filesystem::path& path);

// What a cache of hashes goes by: when these are equal the file is taken as unchanged.
struct FileStamp {
  std::uint64_t size = 0, inode = 0;
  std::int64_t mtime_ns = 0;
  bool operator==(const FileStamp&) const = default;
};
FileStamp file_stamp(const std::filesystem::path& path);  // throws DataError
FileStamp stamp_of(int descriptor);

// base/input_file.h's open_regular_file for a job's data: DataError in every case.
int open_input(const std::filesystem::path& path);

}  // namespace runner::data
