#include "data/formats/numpy/npz.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_set>

#include "base/error.h"
#include "base/log.h"
#include "data/formats/convert.h"
#include "data/formats/zip/zip_archive.h"
#include "data/formats/zip/zip_directory.h"

namespace runner::data {
namespace {

constexpr const char* suffix = ".npy";

// The elements of a .npy file: everything behind its header.
class FileSource final : public ByteSource {
 public:
  FileSource(std::shared_ptr<MappedFile> file, std::uint64_t skip) : file_(std::move(file)), skip_(skip) {}
  std::uint64_t size() const override { return file_->size() - skip_; }
  const std::byte* mapped() const override { return file_->data() + skip_; }
  void read(std::uint64_t offset, void* out, std::size_t count) override {
    file_->read(skip_ + offset, out, count);
  }
  void prefetch(std::uint64_t offset, std::uint64_t length) const override {
    file_->prefetch(skip_ + offset, length);
  }
  void release(std::uint64_t offset, std::uint64_t length) const override {
    file_->release(skip_ + offset, length);
  }

 private:
  std::shared_ptr<MappedFile> file_;
  std::uint64_t skip_;
};

bool begins_with(const MappedFile& file, std::string_view magic) {
  return file.size() >= magic.size() && std::memcmp(file.data(), magic.data(), magic.size()) == 0;
}

// A job opens its files more than once.
void warn_once(const std::string& text) {
  static std::mutex mutex;
  static std::unordered_set<std::string> said;
  const std::lock_guard lock(mutex);
  if (said.insert(text).second) spdlog::warn("{}", text);
}

std::string_view header_bytes(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.data()), std::min<std::uint64_t>(file.size(), npy_header_limit)};
}

}  // namespace

Npz::Npz(std::filesystem::path path) : path_(std::move(path)), file_(std::make_shared<MappedFile>(path_)) {
  if (begins_with(*file_, std::string_view("\x93NUMPY", 6))) {
    names_.emplace_back();
    return;
  }
  if (file_->size() == 0) throw DataError("the file is empty", path_.string());
  if (!begins_with(*file_, "PK"))
    throw DataError(fmt::format("neither .npz nor .npy: it begins with neither PK nor \\x93NUMPY ({} bytes)",
                                file_->size()),
                    path_.string());
  archive_ = std::make_shared<ZipArchive>(file_);
  std::unordered_set<std::string> seen;
  for (const ZipEntry& entry : archive_->entries()) {
    if (entry.name.empty() || entry.name.back() == '/') continue;  // a folder
    const bool with_suffix = entry.name.size() > 4 && entry.name.ends_with(suffix);
    const std::string name = with_suffix ? entry.name.substr(0, entry.name.size() - 4) : entry.name;
    if (seen.insert(name).second)
      names_.push_back(name);
    else
      warn_once(fmt::format("{}: two arrays are called {}; the one that NumPy would take is read",
                            path_.string(), name));
  }
}

bool Npz::has(const std::string& name) const {
  return is_npy() || std::find(names_.begin(), names_.end(), name) != names_.end();
}

std::optional<std::string> Npz::first_of(std::initializer_list<const char*> names) const {
  for (const char* name : names)
    if (has(name)) return name;
  return std::nullopt;
}

Array Npz::array(const std::string& name) const {
  Array array;
  if (is_npy()) {
    array.place = path_.string();
    array.header = parse_npy_header(header_bytes(*file_), file_->size(), array.place);
    array.bytes = std::make_shared<FileSource>(file_, array.header.data_offset);
    return array;
  }
  array.place = path_.string() + ": array " + name;
  const ZipEntry* entry = archive_->find(name);  // NumPy's order: an entry of that very name, then NAME.npy
  if (entry == nullptr) entry = archive_->find(name + suffix);
  if (entry == nullptr)
    throw DataError(fmt::format("there is no such array; the file has {}", fmt::join(names_, ", ")),
                    array.place);
  const std::shared_ptr<ByteSource> whole = archive_->open(*entry, 0, array.place);
  std::string start(std::min<std::uint64_t>(entry->size, npy_header_limit), '\0');
  whole->read(0, start.data(), start.size());
  array.header = parse_npy_header(start, entry->size, array.place);
  array.bytes = archive_->open(*entry, array.header.data_offset, array.place);
  return array;
}

std::string read_bytes(const Array& array, std::uint64_t limit) {
  const std::uint64_t size = array.bytes->size();
  if (size > limit)
    throw DataError(fmt::format("{} bytes; at most {} are read into memory", size, limit), array.place);
  array.bytes->check_crc();
  std::string bytes(size, '\0');
  array.bytes->read(0, bytes.data(), size);
  array.bytes->release(0, size);
  return bytes;
}

std::vector<std::int64_t> read_integers(const Array& array, std::int64_t expected) {
  const NpyHeader& header = array.header;
  if (!is_integer(header.dtype) || header.shape.size() != 1)
    throw DataError(fmt::format("{} of shape {}; a one-dimensional array of integers is expected",
                                header.descr, header.shape_text()),
                    array.place);
  if (expected >= 0 && array.rows() != expected)
    throw DataError(fmt::format("{} values where {} rows are", array.rows(), expected), array.place);
  array.bytes->check_crc();
  // Grows with what really comes: a deflated array may be shorter than it says.
  std::vector<std::int64_t> values;
  constexpr std::uint64_t piece = 1 << 17;  // elements
  std::vector<std::byte> raw(std::min(piece, header.count) * item_size(header.dtype));
  for (std::uint64_t at = 0; at < header.count; at += piece) {
    const std::uint64_t n = std::min(piece, header.count - at), size = item_size(header.dtype);
    array.bytes->read(at * size, raw.data(), n * size);
    if (at == 0) values.reserve(array.bytes->mapped() != nullptr ? header.count : 0);
    values.resize(at + n);
    to_int64(header.dtype, raw.data(), n, values.data() + at);
    for (std::uint64_t i = at; header.dtype == DType::u64 && i < at + n; ++i)
      if (values[i] < 0)
        throw DataError(fmt::format("{} in row {}, beyond int64, which ids and indices are",
                                    static_cast<std::uint64_t>(values[i]), i),
                        array.place);
    array.bytes->release(at * size, n * size);
  }
  return values;
}

}  // namespace runner::data
