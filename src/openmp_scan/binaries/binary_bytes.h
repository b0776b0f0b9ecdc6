#pragma once
// Bounds-checked reading of a binary's bytes. By pread, not by a mapping: a file that shrinks while it is
// read must not kill the reader with SIGBUS.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace runner::runtime {

// What is looked at in one file, at most.
constexpr std::uint32_t most_symbols = 1 << 23;
// Constants beyond this are data (CUDA code, model weights), not a runtime's messages.
constexpr std::uint64_t most_constant_bytes = std::uint64_t{128} << 20;

class BinaryBytes {
 public:
  virtual ~BinaryBytes() = default;
  virtual std::uint64_t size() const = 0;
  // All `n` bytes, or false: beyond the end, or the disk failed.
  virtual bool read(std::uint64_t offset, void* to, std::size_t n) const = 0;

  // The text from `offset` to its NUL, which must come before `end` and within `longest` bytes.
  std::optional<std::string> text(std::uint64_t offset, std::uint64_t end, std::size_t longest = 4096) const;
  // Up to `n` bytes from `offset`; fewer at the end.
  std::vector<char> bytes(std::uint64_t offset, std::uint64_t n) const;
};

class MemorySource final : public BinaryBytes {
 public:
  explicit MemorySource(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  bool read(std::uint64_t offset, void* to, std::size_t n) const override;

 private:
  std::span<const std::uint8_t> bytes_;
};

// An open file with a few cached blocks, so that many small reads cost few system calls.
class FileSource final : public BinaryBytes {
 public:
  // `error` receives the reason when the file cannot be opened or is no regular file.
  static std::optional<FileSource> open(const std::filesystem::path& path, std::string& error);
  FileSource(FileSource&& other) noexcept;
  FileSource& operator=(FileSource&&) = delete;
  ~FileSource() override;
  std::uint64_t size() const override { return size_; }
  bool read(std::uint64_t offset, void* to, std::size_t n) const override;

 private:
  FileSource(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  static constexpr std::size_t block_bytes = 4096, block_count = 64;
  struct Block {
    std::uint64_t number = ~std::uint64_t{0};
    std::size_t filled = 0;
    std::array<char, block_bytes> bytes;
  };
  const Block* block(std::uint64_t number) const;

  int fd_;
  std::uint64_t size_;
  mutable std::vector<Block> blocks_;
};

// Integers of a file whose byte order may not be this machine's.
class Fields {
 public:
  Fields(const BinaryBytes& source, bool swapped) : source_(source), swapped_(swapped) {}
  // Sets failed() and gives 0 beyond the end.
  std::uint16_t u16(std::uint64_t offset) const { return get<std::uint16_t>(offset); }
  std::uint32_t u32(std::uint64_t offset) const { return get<std::uint32_t>(offset); }
  std::uint64_t u64(std::uint64_t offset) const { return get<std::uint64_t>(offset); }
  bool failed() const { return failed_; }
  const BinaryBytes& source() const { return source_; }
  bool swapped() const { return swapped_; }

 private:
  template <class T>
  T get(std::uint64_t offset) const;
  const BinaryBytes& source_;
  bool swapped_;
  mutable bool failed_ = false;
};

// a + b, or the largest value: sums of a broken file's numbers must not wrap round.
inline std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  return a > ~std::uint64_t{0} - b ? ~std::uint64_t{0} : a + b;
}

// Calls `found(marker index, text around it)` for each marker present in [offset, offset + n), once a marker.
// The text starts at the marker and goes on for up to 160 bytes, NULs included.
void find_markers(const BinaryBytes& source, std::uint64_t offset, std::uint64_t n,
                  std::span<const std::string_view> markers,
                  const std::function<void(std::size_t, std::string_view)>& found);

}  // namespace runner::runtime
