#pragma once
// The entries of a zip archive: stored ones mapped, deflated ones streamed by libzip.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/formats/byte_source.h"
#include "data/formats/zip/zip_directory.h"

struct zip;

namespace runner::data {

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
