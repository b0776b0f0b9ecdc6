#pragma once
// The directory of a zip archive, read and checked by ourselves: where stored entries lie, which libzip does
// not tell.

#include <cstdint>
#include <string>
#include <vector>

#include "data/mapped_file.h"

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

}  // namespace runner::data
