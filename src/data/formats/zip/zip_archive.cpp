#include "data/formats/zip/zip_archive.h"

#include <zip.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "data/formats/zip/crc32.h"
#include "data/formats/zip/zip_directory.h"

namespace runner::data {
namespace {

constexpr std::uint64_t inflated_piece = 8 << 20;  // bytes mapped or inflated at a time
constexpr std::uint64_t deflate_ratio = 1032;      // no deflated byte can stand for more

class StoredSource final : public ByteSource {
 public:
  StoredSource(std::shared_ptr<MappedFile> file, std::uint64_t start, const ZipEntry& entry,
               std::uint64_t skip, std::string place)
      : file_(std::move(file)), start_(start), entry_(entry), skip_(skip), place_(std::move(place)) {}

  std::uint64_t size() const override { return entry_.size - skip_; }
  const std::byte* mapped() const override { return file_->data() + start_ + skip_; }
  void read(std::uint64_t offset, void* out, std::size_t count) override {
    file_->read(start_ + skip_ + offset, out, count);
  }
  void prefetch(std::uint64_t offset, std::uint64_t length) const override {
    file_->prefetch(start_ + skip_ + offset, length);
  }
  void release(std::uint64_t offset, std::uint64_t length) const override {
    file_->release(start_ + skip_ + offset, length);
  }
  void check_crc() const override {
    std::uint32_t crc = 0;
    for (std::uint64_t at = 0; at < entry_.size; at += inflated_piece) {
      const std::uint64_t n = std::min(inflated_piece, entry_.size - at);
      file_->prefetch(start_ + at, n);
      crc = crc32(crc, file_->data() + start_ + at, n);
      file_->release(start_ + at, n);
    }
    if (crc != entry_.crc)
      throw DataError(fmt::format("damaged: its CRC is {:08x}, the archive says {:08x}", crc, entry_.crc),
                      place_);
  }

 private:
  std::shared_ptr<MappedFile> file_;
  std::uint64_t start_;
  ZipEntry entry_;
  std::uint64_t skip_;
  std::string place_;
};

}  // namespace

class InflatedSource final : public ByteSource {
 public:
  InflatedSource(std::shared_ptr<ZipArchive> archive, std::uint64_t index, const ZipEntry& entry,
                 std::uint64_t skip, std::string place)
      : archive_(std::move(archive)),
        index_(index),
        size_(entry.size),
        skip_(skip),
        place_(std::move(place)) {}
  ~InflatedSource() override {
    const std::lock_guard lock(archive_->mutex_);
    if (stream_ != nullptr) ::zip_fclose(stream_);
  }

  std::uint64_t size() const override { return size_ - skip_; }
  void read(std::uint64_t offset, void* out, std::size_t count) override {
    const std::lock_guard lock(archive_->mutex_);
    offset += skip_;
    if (stream_ == nullptr || offset < at_) restart();
    std::vector<char> discarded(std::min<std::uint64_t>(offset - at_, 1 << 16));
    while (at_ < offset) take(discarded.data(), std::min<std::uint64_t>(offset - at_, discarded.size()));
    take(static_cast<char*>(out), count);
  }
  void check_crc() const override {}  // libzip does, at the end of the stream

 private:
  void restart() {
    if (stream_ != nullptr) ::zip_fclose(stream_);
    stream_ = ::zip_fopen_index(archive_->handle_, index_, 0);
    if (stream_ == nullptr) fail(::zip_strerror(archive_->handle_));
    at_ = 0;
  }
  void take(char* out, std::uint64_t count) {
    while (count > 0) {
      const zip_int64_t got = ::zip_fread(stream_, out, std::min(count, inflated_piece));
      if (got < 0) fail(::zip_file_strerror(stream_));
      if (got == 0) fail(fmt::format("it ends after {} of {} bytes", at_, size_));
      out += got;
      at_ += static_cast<std::uint64_t>(got);
      count -= static_cast<std::uint64_t>(got);
    }
    char more;
    if (at_ == size_ && ::zip_fread(stream_, &more, 1) != 0)  // also makes libzip compare the CRC
      fail(::zip_file_strerror(stream_));
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError("damaged: it cannot be unpacked: " + what, place_);
  }

  std::shared_ptr<ZipArchive> archive_;
  std::uint64_t index_, size_, skip_, at_ = 0;
  std::string place_;
  zip_file_t* stream_ = nullptr;
};

ZipArchive::ZipArchive(std::shared_ptr<MappedFile> file) : file_(std::move(file)) {
  entries_ = read_zip_directory(*file_);
  for (std::size_t i = 0; i < entries_.size(); ++i) by_name_.insert_or_assign(entries_[i].name, i);
}

ZipArchive::~ZipArchive() {
  if (handle_ != nullptr) ::zip_discard(handle_);
}

const ZipEntry* ZipArchive::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &entries_[found->second];
}

std::shared_ptr<ByteSource> ZipArchive::open(const ZipEntry& entry, std::uint64_t skip,
                                             const std::string& place) {
  if ((entry.flags & 1) != 0) throw DataError("it is encrypted; write it without a password", place);
  const std::uint64_t start = locate_zip_entry(*file_, entry, place);
  if (skip > entry.size) throw DataError("damaged: shorter than its header", place);
  if (entry.method == 0) {
    if (entry.compressed != entry.size)
      throw DataError("damaged zip archive: a stored entry with two different sizes", place);
    return std::make_shared<StoredSource>(file_, start, entry, skip, place);
  }
  if (entry.method != 8)
    throw DataError(fmt::format("compression method {}; stored (0) and deflated (8) are read", entry.method),
                    place);
  if (entry.size / deflate_ratio > entry.compressed + 64)
    throw DataError(
        fmt::format("{} bytes are said to unpack to {}: more than deflated bytes can hold; the file "
                    "is damaged, or made to fill the memory",
                    entry.compressed, entry.size),
        place);
  const std::lock_guard lock(mutex_);
  if (handle_ == nullptr) {
    int code = 0;
    handle_ = ::zip_open(file_->path().c_str(), ZIP_RDONLY, &code);
    if (handle_ == nullptr) throw DataError("libzip cannot open it, error " + std::to_string(code), place);
  }
  const auto index = static_cast<std::uint64_t>(&entry - entries_.data());
  const char* name = ::zip_get_name(handle_, index, ZIP_FL_ENC_RAW);
  zip_stat_t stat;
  ::zip_stat_init(&stat);
  if (name == nullptr || entry.name != name || ::zip_stat_index(handle_, index, 0, &stat) != 0 ||
      stat.size != entry.size)
    throw DataError("damaged zip archive: libzip reads its directory differently", place);
  return std::make_shared<InflatedSource>(shared_from_this(), index, entry, skip, place);
}

}  // namespace runner::data
