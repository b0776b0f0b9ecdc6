#pragma once
// Reading .npz (a zip of .npy) and .npy. Stored arrays are mapped where they lie, at any byte offset;
// deflated ones are streamed through libzip. ZIP64 is understood. Nothing is trusted: every offset, size and
// shape is checked against the file. Of two entries that NumPy would take for one name, we take NumPy's.

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/formats/byte_source.h"
#include "data/formats/numpy/npy.h"

namespace runner::data {

class ZipArchive;

struct Array {
  NpyHeader header;
  std::shared_ptr<ByteSource> bytes;  // header.bytes of them (an object array: its pickle)
  std::string place;                  // "x.npz: array vectors"

  std::int64_t rows() const { return header.shape.empty() ? 1 : header.shape[0]; }
  std::size_t rank() const { return header.shape.size(); }
};

class Npz {
 public:
  // Opens either kind, told apart by the first bytes. A .npy holds one array, named "" (any name asks for
  // it). Throws DataError.
  explicit Npz(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  bool is_npy() const { return archive_ == nullptr; }
  const std::vector<std::string>& names() const { return names_; }  // without ".npy", in file order
  bool has(const std::string& name) const;
  // The first of these names that the file has.
  std::optional<std::string> first_of(std::initializer_list<const char*> names) const;
  // Throws DataError: no such array, or a damaged one.
  Array array(const std::string& name) const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<MappedFile> file_;
  std::shared_ptr<ZipArchive> archive_;
  std::vector<std::string> names_;
};

// A whole array of integers, widened. Throws DataError when it is not one-dimensional, not of integers, or of
// another length than `expected` (-1: any).
std::vector<std::int64_t> read_integers(const Array& array, std::int64_t expected = -1);
// A whole array as bytes in C order, its CRC checked. Throws DataError above `limit` bytes.
std::string read_bytes(const Array& array, std::uint64_t limit = std::uint64_t{1} << 30);

}  // namespace runner::data
