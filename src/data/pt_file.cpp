#include "data/pt_file.h"

#include <array>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "data/npz.h"
#include "data/pickle.h"
#include "data/zip_archive.h"

namespace runner::data {
namespace {

constexpr std::uint64_t pickle_limit = 64 << 20, storage_limit = std::uint64_t{16} << 30;

struct TorchType {
  std::string_view storage;
  const char* name;
  std::size_t size;
};
constexpr std::array<TorchType, 10> torch_types{{{"Float", "float32", 4},
                                                 {"Double", "float64", 8},
                                                 {"Half", "float16", 2},
                                                 {"BFloat16", "bfloat16", 2},
                                                 {"Long", "int64", 8},
                                                 {"Int", "int32", 4},
                                                 {"Short", "int16", 2},
                                                 {"Char", "int8", 1},
                                                 {"Byte", "uint8", 1},
                                                 {"Bool", "bool", 1}}};

class PtReader {
 public:
  explicit PtReader(const std::filesystem::path& path)
      : file_(std::make_shared<MappedFile>(path)), place_(path.string()) {
    if (file_->size() < 4 || std::memcmp(file_->data(), "PK", 2) != 0)
      throw DataError(
          "no PyTorch model file: not a zip archive (files older than PyTorch 1.6 must be saved again)",
          place_);
    archive_ = std::make_shared<ZipArchive>(file_);
    for (const ZipEntry& entry : archive_->entries())
      if (entry.name == "data.pkl" || entry.name.ends_with("/data.pkl"))
        folder_ = entry.name.substr(0, entry.name.size() - 8);
    if (const ZipEntry* order = archive_->find(folder_ + "byteorder"))
      if (entry_bytes(*order, 16) == "big") throw DataError("written on a big-endian machine", place_);
  }

  std::string bytes_of(const std::string& name, std::uint64_t limit) const {
    const ZipEntry* entry = archive_->find(folder_ + name);
    if (entry == nullptr)
      throw DataError("no entry " + folder_ + name + "; no PyTorch model file, or damaged", place_);
    return entry_bytes(*entry, limit);
  }

  // Several tensors may share a storage; so many that they dwarf the file are refused.
  PtTensor read(const std::string& name, const PickleTensor& described) {
    PtTensor tensor;
    tensor.name = name;
    tensor.shape = described.shape;
    for (const TorchType& type : torch_types)
      if (type.storage == described.dtype) {
        tensor.dtype = type.name;
        tensor.item_size = type.size;
      }
    const std::string storage = bytes_of("data/" + std::string(described.key), storage_limit);
    copy_strided(described, storage, tensor);
    read_ += storage.size();
    if (read_ / 8 > file_->size() + (1 << 20))
      throw DataError("its tensors are more than 8 times its size: damaged, or made to fill the memory",
                      place_);
    return tensor;
  }

  const std::string& place() const { return place_; }

 private:
  std::string entry_bytes(const ZipEntry& entry, std::uint64_t limit) const {
    const std::string where = place_ + ": " + entry.name;
    const std::shared_ptr<ByteSource> source = archive_->open(entry, 0, where);
    if (source->size() > limit)
      throw DataError(fmt::format("{} bytes; at most {} are read", source->size(), limit), where);
    source->check_crc();
    std::string bytes(source->size(), '\0');
    source->read(0, bytes.data(), bytes.size());
    return bytes;
  }

  void copy_strided(const PickleTensor& described, const std::string& storage, PtTensor& tensor) const {
    const std::string where = place_ + ": " + tensor.name;
    const auto there = static_cast<std::int64_t>(storage.size() / tensor.item_size);
    std::int64_t count = 1, last = described.offset;
    bool fits = there >= described.numel;
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
      std::int64_t reach = 0;
      fits = fits && !__builtin_mul_overflow(count, tensor.shape[d], &count) && count <= there &&
             !__builtin_mul_overflow(tensor.shape[d] > 0 ? tensor.shape[d] - 1 : 0, described.strides[d],
                                     &reach) &&
             !__builtin_add_overflow(last, reach, &last);
    }
    if (!fits || (count > 0 && last >= there))
      throw DataError(fmt::format("shape [{}] reaches beyond its storage of {} elements; the file is damaged",
                                  fmt::join(tensor.shape, ", "), there),
                      where);
    tensor.bytes.resize(static_cast<std::size_t>(count) * tensor.item_size);
    std::vector<std::int64_t> index(tensor.shape.size());
    std::int64_t from = described.offset;
    for (std::int64_t i = 0; i < count; ++i) {
      std::memcpy(tensor.bytes.data() + static_cast<std::size_t>(i) * tensor.item_size,
                  storage.data() + static_cast<std::size_t>(from) * tensor.item_size, tensor.item_size);
      for (std::size_t d = index.size(); d-- > 0;) {  // an odometer: the last index turns fastest
        from += described.strides[d];
        if (++index[d] < tensor.shape[d]) break;
        from -= described.strides[d] * tensor.shape[d];
        index[d] = 0;
      }
    }
  }

  std::shared_ptr<MappedFile> file_;
  std::shared_ptr<ZipArchive> archive_;
  std::string place_, folder_;
  std::uint64_t read_ = 0;  // bytes of storages
};

// Bytes that are no UTF-8 become U+FFFD: a JSON text cannot hold them.
std::string plain_text(std::string_view text) {
  return Json::parse(Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace))
      .get<std::string>();
}

// `budget` bounds the whole conversion: shared containers could make a small pickle a huge tree.
Json to_json(const Value& value, int depth, int& budget) {
  using Kind = Value::Kind;
  if (depth > 32 || --budget < 0) return nullptr;
  Json made;
  switch (value.kind) {
    case Kind::boolean:
      return value.integer != 0;
    case Kind::integer:
      return value.integer;
    case Kind::real:
      return std::isfinite(value.real) ? Json(value.real) : Json(nullptr);
    case Kind::text:
      return plain_text(*value.text);
    case Kind::list:
    case Kind::tuple:
      made = Json::array();
      for (const Value* item : *value.items) made.push_back(to_json(*item, depth + 1, budget));
      return made;
    case Kind::dict:
      made = Json::object();
      for (std::size_t i = 0; i + 1 < value.items->size(); i += 2) {
        const Value& key = *(*value.items)[i];
        const Value& item = *(*value.items)[i + 1];
        if (item.is(Kind::tensor) || item.is(Kind::storage)) continue;
        const std::string name = key.is(Kind::text) ? plain_text(*key.text) : to_json(key, 32, budget).dump();
        made[name] = to_json(item, depth + 1, budget);
      }
      return made;
    default:
      return nullptr;
  }
}

}  // namespace

PtFile read_pt_file(const std::filesystem::path& path) {
  PtReader reader(path);
  const Pickle pickle(reader.bytes_of("data.pkl", pickle_limit), reader.place() + ": data.pkl");
  const Value& root = pickle.root();
  if (!root.is(Value::Kind::dict))
    throw DataError(fmt::format("a {} where a dict with model_state_dict is expected", kind_name(root.kind)),
                    reader.place());
  const Value* states = root.find("model_state_dict");
  if (states == nullptr) states = &root;
  if (!states->is(Value::Kind::dict)) throw DataError("model_state_dict is no dict", reader.place());
  PtFile file;
  for (std::size_t i = 0; i < states->items->size(); i += 2) {
    const Value &name = *(*states->items)[i], &tensor = *(*states->items)[i + 1];
    if (name.is(Value::Kind::text) && tensor.is(Value::Kind::tensor))
      file.tensors.push_back(reader.read(std::string(*name.text), *tensor.tensor));
  }
  if (file.tensors.empty()) throw DataError("no model_state_dict with tensors in it", reader.place());
  for (std::size_t i = 0; i < root.items->size(); i += 2) {
    const Value &name = *(*root.items)[i], &value = *(*root.items)[i + 1];
    int budget = 100000;
    if (!name.is(Value::Kind::text) || value.is(Value::Kind::tensor) || *name.text == "model_state_dict" ||
        *name.text == "optimizer_state_dict")
      continue;
    file.values[std::string(*name.text)] = to_json(value, 0, budget);
  }
  return file;
}

}  // namespace runner::data
