#include "models/files/pickle_writer.h"

#include <bit>
#include <limits>

namespace runner::lvm {
namespace {

template <class T>
void append_little_endian(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}

}  // namespace

PickleWriter::PickleWriter() {
  out_ = std::string("\x80\x02", 2);
}

void PickleWriter::integer(std::int64_t value) {
  if (value >= std::numeric_limits<std::int32_t>::min() &&
      value <= std::numeric_limits<std::int32_t>::max()) {
    put('J');
    append_little_endian(out_, static_cast<std::uint32_t>(value));
    return;
  }
  put('\x8a');  // LONG1
  put(8);
  append_little_endian(out_, static_cast<std::uint64_t>(value));
}

void PickleWriter::number(double value) {
  put('G');  // big-endian
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (int shift = 56; shift >= 0; shift -= 8) out_.push_back(static_cast<char>((bits >> shift) & 0xFF));
}

void PickleWriter::text(std::string_view value) {
  put('X');
  append_little_endian(out_, static_cast<std::uint32_t>(value.size()));
  out_ += value;
}

void PickleWriter::json(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return boolean(value.get<bool>());
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return integer(value.get<std::int64_t>());
    case Json::value_t::number_float:
      return number(value.get<double>());
    case Json::value_t::string:
      return text(value.get_ref<const std::string&>());
    case Json::value_t::array:
      begin_list();
      for (const Json& item : value) json(item);
      return end_list();
    case Json::value_t::object:
      begin_dict();
      for (const auto& [key, item] : value.items()) {
        text(key);
        json(item);
      }
      return end_dict();
    default:
      return none();
  }
}

void PickleWriter::begin_dict() {
  out_ += "}(";
}

void PickleWriter::begin_ordered_dict() {
  global("collections", "OrderedDict");
  out_ += ")R(";
}

void PickleWriter::begin_list() {
  out_ += "](";
}

void PickleWriter::global(const char* module, const char* name) {
  out_ += std::string("c") + module + "\n" + name + "\n";
}

void PickleWriter::tuple_of_integers(const std::vector<std::int64_t>& values) {
  put('(');
  for (const std::int64_t value : values) integer(value);
  put('t');
}

void PickleWriter::float_tensor(const std::string& key, const std::vector<std::int64_t>& shape,
                                std::int64_t count) {
  global("torch._utils", "_rebuild_tensor_v2");
  put('(');
  put('(');  // the storage's persistent id
  text("storage");
  global("torch", "FloatStorage");
  text(key);
  text("cpu");
  integer(count);
  out_ += "tQ";
  integer(0);  // offset
  tuple_of_integers(shape);
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i > 1; --i) strides[i - 2] = strides[i - 1] * shape[i - 1];
  tuple_of_integers(strides);
  boolean(false);  // requires_grad
  global("collections", "OrderedDict");
  out_ += ")R";  // backward hooks
  out_ += "tR";
}

std::string PickleWriter::finish() {
  put('.');
  return std::move(out_);
}

}  // namespace runner::lvm
