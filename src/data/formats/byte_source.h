#pragma once
// The bytes of one array, its header skipped: a piece of a mapped file, or a deflated stream.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "data/mapped_file.h"

namespace runner::data {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  // The bytes in memory, at any alignment; nullptr for a deflated stream.
  virtual const std::byte* mapped() const { return nullptr; }
  // Copies [offset, offset + count), mapping none of its pages. A deflated stream is read forwards; an
  // earlier offset starts it again. At the end of a deflated stream its CRC is checked. Throws DataError.
  // Mapped: safe from several threads.
  virtual void read(std::uint64_t offset, void* out, std::size_t count) = 0;
  virtual void prefetch(std::uint64_t, std::uint64_t) const {}
  virtual void release(std::uint64_t, std::uint64_t) const {}  // see MappedFile::release
  // Compares all bytes (of the zip entry) with the archive's CRC. Reads everything once. Throws DataError.
  virtual void check_crc() const {}
};

// Inflates a stream into an unlinked scratch file, so that rows can be taken in any order with bounded
// memory; gives a mapped source back as it is. `place` names the array in messages.
std::shared_ptr<ByteSource> with_random_access(std::shared_ptr<ByteSource> source, const std::string& place);

}  // namespace runner::data
