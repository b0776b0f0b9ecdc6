#pragma once
// Writes a zip archive as a stream: entries one after the other, each of a size known up front.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/formats/zip/zip_directory.h"

struct z_stream_s;

namespace runner::data {

class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& target, IfTaken if_taken = IfTaken::replace);
  ~ZipWriter();

  void begin(const std::string& name, std::uint64_t size, bool deflated);
  void append(const void* bytes, std::size_t size);
  void end();     // throws std::logic_error unless exactly `size` bytes were appended
  void finish();  // directory, fsync, rename
  std::uint64_t position() const { return position_; }
  const std::filesystem::path& target() const { return file_.target(); }

 private:
  void put(const void* bytes, std::size_t size);
  void flush();
  void deflate(const void* bytes, std::size_t size, bool last);

  AtomicFile file_;
  std::vector<ZipEntry> entries_;
  std::vector<char> buffer_;
  std::uint64_t position_ = 0, start_ = 0, appended_ = 0;
  bool open_ = false, wide_ = false;
  std::unique_ptr<z_stream_s> deflater_;
};

}  // namespace runner::data
