#include "models/files/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_parse.h"
#include "base/json_text.h"
#include "base/log.h"
#include "data/formats/convert.h"
#include "data/mapped_file.h"

namespace runner::lvm {
namespace {

struct Entry {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

constexpr std::uint64_t header_limit = 100'000'000;  // the format's own

std::uint64_t size_of(const std::string& dtype) {
  if (dtype == "F64") return 8;
  if (dtype == "F32") return 4;
  return dtype == "F16" || dtype == "BF16" ? 2 : 0;
}

Entry read_entry(const std::string& name, const Json& description, std::uint64_t available,
                 const std::string& place) {
  Entry entry;
  entry.name = name;
  try {
    entry.dtype = description.at("dtype").get<std::string>();
    entry.shape = description.at("shape").get<std::vector<std::int64_t>>();
    entry.begin = description.at("data_offsets").at(0).get<std::uint64_t>();
    entry.end = description.at("data_offsets").at(1).get<std::uint64_t>();
  } catch (const Json::exception&) {
    throw DataError("tensor " + name + " has no proper dtype, shape and data_offsets", place);
  }
  const std::uint64_t size = size_of(entry.dtype);
  if (size == 0)
    throw DataError("tensor " + name + " is of type " + entry.dtype + "; expected F64, F32, F16 or BF16",
                    place);
  std::uint64_t count = 1;
  for (const std::int64_t d : entry.shape) {
    if (d < 0 || (d > 0 && count > available / static_cast<std::uint64_t>(d)))
      throw DataError("tensor " + name + " has a shape larger than the file", place);
    count *= static_cast<std::uint64_t>(d);
  }
  if (entry.begin > entry.end || entry.end > available || entry.end - entry.begin != count * size)
    throw DataError("tensor " + name + " lies outside of the file, or its size does not fit its shape",
                    place);
  return entry;
}

void to_floats(const Entry& entry, const char* bytes, std::vector<float>& out, const std::string& place) {
  if (entry.dtype != "BF16") {
    const auto type = entry.dtype == "F64"   ? data::DType::f64
                      : entry.dtype == "F32" ? data::DType::f32
                                             : data::DType::f16;
    data::to_float(type, reinterpret_cast<const std::byte*>(bytes), out.size(), out.data());
  }
  for (std::size_t i = 0; i < out.size() && entry.dtype == "BF16"; ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes + 2 * i, 2);
    out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
  }
  for (std::size_t i = 0; i < out.size() && entry.dtype == "F64"; ++i) {
    double value;
    std::memcpy(&value, bytes + 8 * i, 8);
    if (std::isinf(out[i]) && std::isfinite(value))
      throw DataError("tensor " + entry.name + " holds a float64 that does not fit float32", place);
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::vector<NamedArray> arrays) {
  std::sort(arrays.begin(), arrays.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  Json header{{"__metadata__", {{"format", "pt"}}}};
  std::uint64_t at = 0;
  for (const NamedArray& array : arrays) {
    const std::uint64_t end = at + static_cast<std::uint64_t>(array.count()) * sizeof(float);
    header[array.name] = {{"dtype", "F32"}, {"shape", array.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = json_text(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t size = text.size();
  AtomicFile file(path);
  file.write(&size, sizeof size);
  file.write(text);
  for (const NamedArray& array : arrays)
    file.write(array.values, static_cast<std::size_t>(array.count()) * sizeof(float));
  file.commit();
}

std::vector<LoadedArray> read_safetensors(const std::filesystem::path& path) {
  const data::MappedFile file(path);
  const std::string place = path.string();
  const char* bytes = reinterpret_cast<const char*>(file.data());
  if (file.size() < 8) throw DataError("too short for a safetensors file", place);
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, bytes, sizeof header_size);
  if (header_size > file.size() - 8) throw DataError("the header is larger than the file", place);
  if (header_size > header_limit) throw DataError("a header of more than 100 MB", place);
  const Json header = parse_json(std::string_view(bytes + 8, header_size), place + ": header");
  if (!header.is_object()) throw DataError("the header is not a JSON object", place);
  const std::uint64_t body = file.size() - 8 - header_size;
  std::uint64_t left = body;  // the format lets no two tensors share bytes
  std::vector<LoadedArray> arrays;
  for (const auto& [name, description] : header.items()) {
    if (name == "__metadata__") continue;
    const Entry entry = read_entry(name, description, body, place);
    if (entry.end - entry.begin > left)
      throw DataError("tensor " + name + " overlaps another: together they are larger than the file", place);
    left -= entry.end - entry.begin;
    LoadedArray array{name, entry.shape, {}};
    array.values.resize((entry.end - entry.begin) / size_of(entry.dtype));
    to_floats(entry, bytes + 8 + header_size + entry.begin, array.values, place);
    arrays.push_back(std::move(array));
  }
  return arrays;
}

}  // namespace runner::lvm
