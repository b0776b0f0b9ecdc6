#pragma once
// The directory of a zip archive, read and checked by ourselves (where stored entries lie, which libzip does
// not tell), and deflated entries streamed by libzip.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/formats/byte_source.h"

struct zip;

namespace runner::data {

struct ZipEntry {
  std::string name;
  std::uint64_t compressed = 0, size = 0;
  std::uint64_t local_header = 0;  // offset in the file
  std::uint32_t crc = 0;
  std::uint16_t method = 0, flags = 0;
};

// Reads the central directory, ZIP64 included. Throws DataError.
std::vector<ZipEntry> read_zip_directory(const MappedFile& file);
// Where the entry's bytes begin; checks its local header and that the bytes lie inside the file.
std::uint64_t locate_zip_entry(const MappedFile& file, const ZipEntry& entry, const std::string& place);

class ZipArchive : public std::enable_shared_from_this<ZipArchive> {
 public:
  explicit ZipArchive(std::shared_ptr<MappedFile> file);
  ~ZipArchive();

  const std::vector<ZipEntry>& entries() const { return entries_; }
  const ZipEntry* find(const std::string& name) const;  // nullptr when absent; of equal names the last
  // The entry's bytes from `skip` on. Refuses encryption, unknown methods and a size that no deflated bytes
  // can have. Within that (1032 : 1) an array may well unpack to a thousand times its packed size: whoever
  // unpacks knows from the array's header how much there is to be, and bounds what it keeps in memory.
  std::shared_ptr<ByteSource> open(const ZipEntry& entry, std::uint64_t skip, const std::string& place);

 private:
  friend class InflatedSource;
  std::shared_ptr<MappedFile> file_;
  std::vector<ZipEntry> entries_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
  std::mutex mutex_;  // libzip's handle is not to be used from two threads
  zip* handle_ = nullptr;
};

}  // namespace runner::data
