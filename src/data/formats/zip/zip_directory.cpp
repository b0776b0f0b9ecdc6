// The formats are those of PKWARE's APPNOTE.TXT 6.3.3, sections 4.3.7 to 4.3.16.
#include "data/formats/zip/zip_directory.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/log.h"

namespace runner::data {
namespace {

constexpr std::uint32_t local_signature = 0x04034b50, central_signature = 0x02014b50,
                        end_signature = 0x06054b50, end64_signature = 0x06064b50,
                        locator_signature = 0x07064b50;
constexpr std::uint64_t local_size = 30, central_size = 46, end_size = 22, end64_size = 56, locator_size = 20;

class Bytes {
 public:
  explicit Bytes(const MappedFile& file) : file_(file) {}
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError("damaged zip archive: " + what, file_.path());
  }
  template <class T>
  T get(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, at(offset, sizeof value), sizeof value);  // little-endian, as every target is
    return value;
  }
  const char* at(std::uint64_t offset, std::uint64_t size) const {
    if (offset > file_.size() || size > file_.size() - offset)
      fail(fmt::format("it wants {} bytes at {}, the file has {}; it may be cut short", size, offset,
                       file_.size()));
    return reinterpret_cast<const char*>(file_.data()) + offset;
  }

 private:
  const MappedFile& file_;
};

struct Directory {
  std::uint64_t offset, size, entries;
};

std::uint64_t find_end(const MappedFile& file, const Bytes& bytes) {
  if (file.size() >= end_size) {
    const std::uint64_t lowest = file.size() - std::min<std::uint64_t>(file.size(), end_size + 0xffff);
    for (std::uint64_t at = file.size() - end_size + 1; at-- > lowest;)
      if (bytes.get<std::uint32_t>(at) == end_signature &&
          at + end_size + bytes.get<std::uint16_t>(at + 20) <= file.size())
        return at;
  }
  bytes.fail("no directory at its end; the file is no zip or is cut short");
}

Directory find_directory(const MappedFile& file, const Bytes& bytes) {
  const std::uint64_t end = find_end(file, bytes);
  Directory found{bytes.get<std::uint32_t>(end + 16), bytes.get<std::uint32_t>(end + 12),
                  bytes.get<std::uint16_t>(end + 10)};
  const bool wide = found.offset == 0xffffffff || found.size == 0xffffffff || found.entries == 0xffff;
  if (wide && end >= locator_size && bytes.get<std::uint32_t>(end - locator_size) == locator_signature) {
    const auto at = bytes.get<std::uint64_t>(end - locator_size + 8);
    if (at > file.size() - end64_size || bytes.get<std::uint32_t>(at) != end64_signature)
      bytes.fail("its ZIP64 directory is not where it should be");
    found = {bytes.get<std::uint64_t>(at + 48), bytes.get<std::uint64_t>(at + 40),
             bytes.get<std::uint64_t>(at + 32)};
  }
  bytes.at(found.offset, found.size);
  if (found.entries > found.size / central_size) bytes.fail("more entries than its directory can hold");
  return found;
}

// The ZIP64 extra field holds, in this order, those of the three values whose 32 bits are all ones.
void read_zip64_extra(const Bytes& bytes, std::uint64_t at, std::uint64_t end, ZipEntry& entry) {
  const bool size = entry.size == 0xffffffff, compressed = entry.compressed == 0xffffffff,
             offset = entry.local_header == 0xffffffff;
  while (at + 4 <= end) {
    const std::uint16_t id = bytes.get<std::uint16_t>(at), length = bytes.get<std::uint16_t>(at + 2);
    const std::uint64_t next = at + 4 + length;
    if (next > end) bytes.fail("an extra field of " + entry.name + " is longer than its entry");
    if (id == 1) {
      at += 4;
      for (auto [wanted, value] : {std::pair{size, &entry.size}, std::pair{compressed, &entry.compressed},
                                   std::pair{offset, &entry.local_header}}) {
        if (!wanted) continue;
        if (at + 8 > next) bytes.fail("the ZIP64 field of " + entry.name + " is too short");
        *value = bytes.get<std::uint64_t>(at);
        at += 8;
      }
      return;
    }
    at = next;
  }
}

}  // namespace

std::vector<ZipEntry> read_zip_directory(const MappedFile& file) {
  const Bytes bytes(file);
  const Directory directory = find_directory(file, bytes);
  const std::uint64_t end = directory.offset + directory.size;
  std::vector<ZipEntry> entries;
  std::uint64_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    if (at + central_size > end || bytes.get<std::uint32_t>(at) != central_signature)
      bytes.fail(fmt::format("entry {} of its directory is damaged", i));
    ZipEntry entry;
    entry.flags = bytes.get<std::uint16_t>(at + 8);
    entry.method = bytes.get<std::uint16_t>(at + 10);
    entry.crc = bytes.get<std::uint32_t>(at + 16);
    entry.compressed = bytes.get<std::uint32_t>(at + 20);
    entry.size = bytes.get<std::uint32_t>(at + 24);
    entry.local_header = bytes.get<std::uint32_t>(at + 42);
    const std::uint64_t name = bytes.get<std::uint16_t>(at + 28), extra = bytes.get<std::uint16_t>(at + 30),
                        comment = bytes.get<std::uint16_t>(at + 32);
    const std::uint64_t next = at + central_size + name + extra + comment;
    if (next > end) bytes.fail(fmt::format("entry {} of its directory is cut short", i));
    entry.name.assign(bytes.at(at + central_size, name), name);
    read_zip64_extra(bytes, at + central_size + name, at + central_size + name + extra, entry);
    entries.push_back(std::move(entry));
    at = next;
  }
  return entries;
}

std::uint64_t locate_zip_entry(const MappedFile& file, const ZipEntry& entry, const std::string& place) {
  const Bytes bytes(file);
  bytes.at(entry.local_header, local_size);
  if (bytes.get<std::uint32_t>(entry.local_header) != local_signature)
    throw DataError("damaged zip archive: no entry begins where the directory says", place);
  const std::uint64_t name = bytes.get<std::uint16_t>(entry.local_header + 26);
  const std::uint64_t start =
      entry.local_header + local_size + name + bytes.get<std::uint16_t>(entry.local_header + 28);
  if (std::string(bytes.at(entry.local_header + local_size, name), name) != entry.name)
    throw DataError("damaged zip archive: the entry and the directory disagree about its name", place);
  bytes.at(start, entry.compressed);
  return start;
}

}  // namespace runner::data
