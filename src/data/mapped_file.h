#pragma once
// A file to read: mapped for streams, whose pages come in as they are touched and can be given back behind
// them; and read by copying for rows in any order, which leave nothing mapped.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace runner::data {

class MappedFile {
 public:
  // Throws DataError when the file cannot be opened or is no regular file: the one door of every array, model
  // and index that is read.
  explicit MappedFile(const std::filesystem::path& path);
  // An unlinked scratch file of this size, mapped for writing. Throws RunError (no space, no folder).
  static MappedFile scratch(std::uint64_t size);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  const std::byte* data() const { return data_; }
  std::byte* writable() { return data_; }  // scratch files only
  std::uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

  // Copies [offset, offset + count) without mapping its pages: rows taken here and there would otherwise keep
  // 64 KB or more of the file resident each. Throws DataError when the file has become shorter. Thread-safe.
  // (A process with a few hundred files open keeps no more descriptors: the later ones' bytes come out of the
  // mapping, with its pages and its SIGBUS.)
  void read(std::uint64_t offset, void* out, std::size_t count) const;

  // Asks for the bytes of [offset, offset + length) ahead of their use.
  void prefetch(std::uint64_t offset, std::uint64_t length) const;
  // Gives the pages of [offset, offset + length) back: they leave this process's resident memory and are read
  // again from the page cache if touched. Safe at any time, from any thread.
  void release(std::uint64_t offset, std::uint64_t length) const;

 private:
  MappedFile() = default;
  std::string path_;
  std::byte* data_ = nullptr;
  std::uint64_t size_ = 0;
  int fd_ = -1;  // for read(); -1 when the process has many files open: then read() copies from the mapping
};

}  // namespace runner::data
