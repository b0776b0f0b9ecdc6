#pragma once
// The directory of a zip archive, read and checked by ourselves (where stored entries lie, which libzip does
// not tell), and deflated entries streamed by libzip.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/byte_source.h"

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
  const ZipEntry* find(const std::string& name) const;  // nullptr when absent
  // The entry's bytes from `skip` on. Refuses encryption, unknown methods and implausible sizes: an entry
  // that unpacks to over 64 MB and over 200 times its packed size is taken for a zip bomb.
  std::shared_ptr<ByteSource> open(const ZipEntry& entry, std::uint64_t skip, const std::string& place);

 private:
  friend class InflatedSource;
  std::shared_ptr<MappedFile> file_;
  std::vector<ZipEntry> entries_;
  std::mutex mutex_;  // libzip's handle is not to be used from two threads
  zip* handle_ = nullptr;
};

}  // namespace runner::data
