#include "data/formats/numpy/npy.h"

#include <array>
#include <cctype>
#include <limits>

#include "base/error.h"
#include "base/log.h"

namespace runner::data {
namespace {

struct TypeRow {
  DType type;
  std::size_t size;
  const char* name;
  const char* descr;
};

constexpr std::array<TypeRow, 14> types{{{DType::f16, 2, "float16", "<f2"},
                                         {DType::f32, 4, "float32", "<f4"},
                                         {DType::f64, 8, "float64", "<f8"},
                                         {DType::i8, 1, "int8", "|i1"},
                                         {DType::i16, 2, "int16", "<i2"},
                                         {DType::i32, 4, "int32", "<i4"},
                                         {DType::i64, 8, "int64", "<i8"},
                                         {DType::u8, 1, "uint8", "|u1"},
                                         {DType::u16, 2, "uint16", "<u2"},
                                         {DType::u32, 4, "uint32", "<u4"},
                                         {DType::u64, 8, "uint64", "<u8"},
                                         {DType::boolean, 1, "bool", "|b1"},
                                         {DType::object, 0, "object", "|O"},
                                         {DType::other, 0, "other", ""}}};

const TypeRow& row_of(DType type) {
  for (const TypeRow& row : types)
    if (row.type == type) return row;
  return types.back();
}

// The Python literal of a header: a dict of a string (or list), a boolean and a tuple of numbers.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& place) : text_(text), place_(place) {}

  void read(NpyHeader& header) {
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        header.descr = descr_value();
        descr = true;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        order = true;
      } else if (key == "shape") {
        header.shape = tuple();
        shape = true;
      } else {
        fail("unexpected key '" + key + "'");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!descr || !order || !shape) fail("descr, fortran_order or shape is missing");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(
        "damaged .npy header: " + what + "; expected {'descr': …, 'fortran_order': …, 'shape': …}", place_);
  }
  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("'") + c + "' expected at byte " + std::to_string(at_));
  }
  std::string string() {
    skip_space();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) fail("a string expected");
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) fail("a string without an end");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  // A record dtype is a list: taken as text up to its closing bracket.
  std::string descr_value() {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != '[') return string();
    const std::size_t start = at_;
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '[') ++depth;
      if (text_[at_] == ']' && --depth == 0) return std::string(text_.substr(start, ++at_ - start));
    }
    fail("a list without an end");
  }
  bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return word == "True";
      }
    fail("True or False expected");
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> values;
    expect('(');
    while (!accept(')')) {
      values.push_back(number());
      if (values.size() > 32) fail("more than 32 dimensions");
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }
  std::int64_t number() {
    skip_space();
    std::int64_t value = 0;
    const std::size_t start = at_;
    for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])); ++at_)
      if (__builtin_mul_overflow(value, std::int64_t{10}, &value) ||
          __builtin_add_overflow(value, std::int64_t{text_[at_] - '0'}, &value))
        fail("a dimension beyond 64 bits");
    if (at_ == start) fail("a dimension is no whole number");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // as Python 2 wrote it
    return value;
  }

  std::string_view text_;
  const std::string& place_;
  std::size_t at_ = 0;
};

struct Spelling {
  const char* name;
  DType type;
};

// What else numpy.dtype() takes for these types: names, and single letters on a 64-bit Linux or macOS.
constexpr std::array<Spelling, 31> spellings{
    {{"half", DType::f16},   {"e", DType::f16},        {"single", DType::f32},   {"f", DType::f32},
     {"double", DType::f64}, {"float", DType::f64},    {"d", DType::f64},        {"b", DType::i8},
     {"byte", DType::i8},    {"h", DType::i16},        {"short", DType::i16},    {"i", DType::i32},
     {"intc", DType::i32},   {"l", DType::i64},        {"int", DType::i64},      {"intp", DType::i64},
     {"q", DType::i64},      {"longlong", DType::i64}, {"p", DType::i64},        {"B", DType::u8},
     {"ubyte", DType::u8},   {"H", DType::u16},        {"ushort", DType::u16},   {"I", DType::u32},
     {"uintc", DType::u32},  {"L", DType::u64},        {"uint", DType::u64},     {"Q", DType::u64},
     {"P", DType::u64},      {"?", DType::boolean},    {"object", DType::object}}};

// "f4", "float32", "f" → float32; `other` when it is none of ours.
DType type_named(const std::string& name) {
  if (name == "O") return DType::object;
  for (const TypeRow& row : types)
    if (row.size != 0 && (name == row.descr + 1 || name == row.name)) return row.type;
  for (const Spelling& spelling : spellings)
    if (name == spelling.name) return spelling.type;
  return DType::other;
}

// `descr` is whatever numpy.dtype() takes: a byte order or none, then a type's code or name.
DType type_of(const std::string& descr, const std::string& place) {
  if (descr.empty()) throw DataError("damaged .npy header: an empty dtype", place);
  const bool order = std::string_view("<>=|").find(descr[0]) != std::string_view::npos;
  const DType type = type_named(descr.substr(order ? 1 : 0));
  if (descr[0] == '>' && item_size(type) > 1)
    throw DataError(
        fmt::format("big-endian elements ('{}') are not read; save the array as '{}': a.astype('{}')", descr,
                    dtype_descr(type), dtype_descr(type)),
        place);
  return type;
}

void check_size(NpyHeader& header, std::uint64_t total, const std::string& place) {
  for (const std::int64_t n : header.shape)
    if (__builtin_mul_overflow(header.count, static_cast<std::uint64_t>(n), &header.count))
      throw DataError("damaged .npy header: shape " + header.shape_text() + " is beyond 64 bits", place);
  if (item_size(header.dtype) == 0) return;
  const std::uint64_t there = total - header.data_offset;
  const bool beyond =
      __builtin_mul_overflow(header.count, std::uint64_t{item_size(header.dtype)}, &header.bytes);
  if (!beyond && header.bytes == there) return;
  const std::string says =
      fmt::format("the header says {} of shape {}, {}", dtype_name(header.dtype), header.shape_text(),
                  beyond ? "beyond 64 bits" : fmt::format("{} bytes", header.bytes));
  if (beyond || header.bytes > there)
    throw DataError(fmt::format("{}, and only {} follow it; the file is damaged or cut short", says, there),
                    place);
  throw DataError(fmt::format("{}, and {} trailing bytes follow them: a second array, or something else, was "
                              "appended; save this array alone again",
                              says, there - header.bytes),
                  place);
}

}  // namespace

std::size_t item_size(DType type) {
  return row_of(type).size;
}
const char* dtype_name(DType type) {
  return row_of(type).name;
}
const char* dtype_descr(DType type) {
  return row_of(type).descr;
}
bool is_floating(DType type) {
  return type == DType::f16 || type == DType::f32 || type == DType::f64;
}
bool is_integer(DType type) {
  return type >= DType::i8 && type <= DType::u64;
}

std::string NpyHeader::shape_text() const {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

NpyHeader parse_npy_header(std::string_view bytes, std::uint64_t total, const std::string& place) {
  if (bytes.substr(0, 6) != std::string_view("\x93NUMPY", 6) || bytes.size() < 10)
    throw DataError("no .npy data: it does not begin with the bytes \\x93NUMPY", place);
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
  };
  const std::size_t version = byte(6), start = version == 1 ? 10 : 12;
  if (version < 1 || version > 3)
    throw DataError(".npy format version " + std::to_string(version) + "; versions 1, 2 and 3 are read",
                    place);
  if (bytes.size() < start) throw DataError("the .npy header is cut short", place);
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (start + length > npy_header_limit)
    throw DataError(
        fmt::format("a .npy header of {} bytes; at most {} are read", length, npy_header_limit - start),
        place);
  if (start + length > bytes.size() || start + length > total)
    throw DataError("the .npy header is cut short", place);
  NpyHeader header;
  HeaderText(bytes.substr(start, length), place).read(header);
  header.dtype = type_of(header.descr, place);
  header.data_offset = start + length;
  check_size(header, total, place);
  return header;
}

std::string npy_header(DType dtype, const std::vector<std::int64_t>& shape) {
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 dtype_descr(dtype), fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  text.append(63 - (10 + text.size()) % 64, ' ').push_back('\n');
  std::string header("\x93NUMPY\x01\x00", 8);
  header.push_back(static_cast<char>(text.size() & 0xff));
  header.push_back(static_cast<char>(text.size() >> 8));
  return header + text;
}

}  // namespace runner::data
