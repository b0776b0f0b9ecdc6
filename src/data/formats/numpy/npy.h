#pragma once
// The .npy header (NumPy format 1.0, 2.0, 3.0): what one array looks like and where its bytes begin.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace runner::data {

// `object` is a pickled array (data/formats/pickle/pickle.h). `other`: text, complex, records: named in
// messages, never read.
enum class DType { f16, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64, boolean, object, other };

std::size_t item_size(DType type);    // bytes; 0 for object and other
const char* dtype_name(DType type);   // "float16", "int64", "object"
const char* dtype_descr(DType type);  // "<f2": as NumPy writes it
bool is_floating(DType type);         // f16, f32, f64
bool is_integer(DType type);          // i8 … u64; not boolean

struct NpyHeader {
  DType dtype = DType::other;
  std::string descr;  // as the file has it: "<f2"
  bool fortran_order = false;
  std::vector<std::int64_t> shape;  // empty: a scalar
  std::size_t data_offset = 0;      // where the elements begin, from the start of the .npy
  std::uint64_t count = 1;          // elements
  std::uint64_t bytes = 0;          // count * item_size; 0 for object and other
  std::string shape_text() const;   // "[49308, 768]"
};

// How many bytes from the start of a .npy parse_npy_header needs at most.
constexpr std::size_t npy_header_limit = 1 << 16;

// Reads the header at the start of `bytes`, which may be the whole array or only its first npy_header_limit
// bytes. `total` is the size of the whole .npy: a shape that wants more (or, for plain dtypes, less) is
// refused. Throws DataError at `place`.
NpyHeader parse_npy_header(std::string_view bytes, std::uint64_t total, const std::string& place);

// The header of a C-ordered array as NumPy writes it (version 1.0, padded to 64 bytes).
std::string npy_header(DType dtype, const std::vector<std::int64_t>& shape);

}  // namespace runner::data
