#include "lvm/training/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "data/convert.h"

namespace runner::lvm {
namespace {

struct Entry {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

std::uint64_t little_endian_64(const std::string& bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
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
  const std::uint64_t size = entry.dtype == "F32" ? 4 : entry.dtype == "F16" || entry.dtype == "BF16" ? 2 : 0;
  if (size == 0)
    throw DataError("tensor " + name + " is of type " + entry.dtype + "; expected F32, F16 or BF16", place);
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

void widen(const Entry& entry, const char* bytes, float* out, std::size_t count) {
  if (entry.dtype == "F32") {
    std::memcpy(out, bytes, count * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes + 2 * i, 2);
    out[i] = entry.dtype == "BF16" ? std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16)
                                   : data::half_to_float(half);
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
  std::string text = header.dump();
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
  const std::string bytes = read_file(path);
  const std::string place = path.string();
  if (bytes.size() < 8) throw DataError("too short for a safetensors file", place);
  const std::uint64_t header_size = little_endian_64(bytes);
  if (header_size > bytes.size() - 8) throw DataError("the header is larger than the file", place);
  const Json header = Json::parse(bytes.substr(8, header_size), nullptr, false);
  if (!header.is_object()) throw DataError("the header is not a JSON object", place);
  std::vector<LoadedArray> arrays;
  for (const auto& [name, description] : header.items()) {
    if (name == "__metadata__") continue;
    const Entry entry = read_entry(name, description, bytes.size() - 8 - header_size, place);
    LoadedArray array{name, entry.shape, {}};
    array.values.resize((entry.end - entry.begin) / (entry.dtype == "F32" ? 4 : 2));
    widen(entry, bytes.data() + 8 + header_size + entry.begin, array.values.data(), array.values.size());
    arrays.push_back(std::move(array));
  }
  return arrays;
}

}  // namespace runner::lvm
