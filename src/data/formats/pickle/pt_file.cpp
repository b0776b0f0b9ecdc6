#include "data/formats/pickle/pt_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "data/formats/numpy/npz.h"
#include "data/formats/pickle/pickle.h"
#include "data/formats/zip/zip_archive.h"
#include "data/formats/zip/zip_directory.h"

namespace runner::data {
namespace {

// What a file may make of itself, in bytes. PyTorch stores; archives packed again deflate, pickles to a
// tenth.
std::uint64_t pickle_limit(std::uint64_t file_size) {
  return std::min<std::uint64_t>(64 << 20, (256 << 10) + 4 * file_size);
}
std::uint64_t tensors_limit(std::uint64_t file_size) {
  return (1 << 20) + 8 * file_size;
}

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

// What a model is made from besides its weights.
constexpr std::array needed = {"model_type", "model_config"};

class PtReader {
 public:
  explicit PtReader(const std::filesystem::path& path)
      : file_(std::make_shared<MappedFile>(path)), place_(path.string()) {
    if (file_->size() < 4 || std::memcmp(file_->data(), "PK", 2) != 0)
      throw DataError(
          "no PyTorch model file: not a zip archive (files older than PyTorch 1.6 must be saved again)",
          place_);
    left_ = tensors_limit(file_->size());
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

  std::uint64_t size() const { return file_->size(); }

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
    if (tensor.item_size == 0)
      throw DataError(fmt::format("is of torch's type {}; float32, float64, float16 or bfloat16 is expected",
                                  described.dtype),
                      place_ + ": " + name);
    const std::string storage = bytes_of("data/" + std::string(described.key), left_);
    left_ -= std::min<std::uint64_t>(left_, storage.size() + 64);
    copy_strided(described, storage, tensor);
    return tensor;
  }

  const std::string& place() const { return place_; }

 private:
  std::string entry_bytes(const ZipEntry& entry, std::uint64_t limit) const {
    const std::string where = place_ + ": " + entry.name;
    const std::shared_ptr<ByteSource> source = archive_->open(entry, 0, where);
    if (source->size() > limit)
      throw DataError(
          fmt::format("{} bytes, and of a file of {} at most {} more are read: damaged, or made to fill "
                      "the memory",
                      source->size(), file_->size(), limit),
          where);
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
  std::uint64_t left_ = 0;  // bytes of storages that may still be read
};

// Plain values as JSON, at most so many bytes of them for the whole file: shared containers could make a
// small pickle a huge tree. What is beyond that, or nested deeper than 32, becomes null.
class JsonMaker {
 public:
  explicit JsonMaker(std::int64_t bytes) : left_(bytes) {}

  Json make(const Value& value, int depth = 0) {
    left_ -= 64;
    if (depth > 32 || left_ < 0) return nullptr;
    Json made;
    switch (value.kind) {
      case Value::Kind::boolean:
        return value.integer != 0;
      case Value::Kind::integer:
        return value.integer;
      case Value::Kind::real:
        return std::isfinite(value.real) ? Json(value.real) : Json(nullptr);
      case Value::Kind::text:
        return text(*value.text);
      case Value::Kind::global:  // torch.bfloat16
        return value.text->starts_with("torch.") ? text(*value.text) : Json(nullptr);
      case Value::Kind::list:
      case Value::Kind::tuple:
        made = Json::array();
        for (const Value* item : *value.items) {
          if (left_ < 0) break;
          made.push_back(make(*item, depth + 1));
        }
        return made;
      case Value::Kind::dict:
        made = Json::object();
        for (std::size_t i = 0; i + 1 < value.items->size() && left_ >= 0; i += 2) {
          const Value& key = *(*value.items)[i];
          const Value& item = *(*value.items)[i + 1];
          if (item.is(Value::Kind::tensor) || item.is(Value::Kind::storage)) continue;
          const std::string name = key.is(Value::Kind::text) ? plain(*key.text) : json_text(make(key, 32));
          made[name] = make(item, depth + 1);
        }
        return made;
      default:
        return nullptr;
    }
  }

 private:
  std::string plain(std::string_view view) {
    left_ -= static_cast<std::int64_t>(view.size());
    return left_ < 0 ? "" : std::string(view);
  }
  Json text(std::string_view view) {
    const std::string made = plain(view);
    return left_ < 0 ? Json(nullptr) : Json(made);
  }
  std::int64_t left_;
};

// Refuses a part that is read when it, or anything in it, is made by a name that is not known.
void refuse_unknown(const Value& value, const std::string& place, int depth = 0) {
  if (value.is(Value::Kind::opaque)) refuse_name(*value.text, place);
  if (depth > 4 ||
      (!value.is(Value::Kind::list) && !value.is(Value::Kind::tuple) && !value.is(Value::Kind::dict)))
    return;
  const std::size_t count = std::min<std::size_t>(value.items->size(), 1000);
  for (std::size_t i = 0; i < count; ++i) refuse_unknown(*(*value.items)[i], place, depth + 1);
}

// The state dict's tensors; of equal names the last, as a dict has it.
std::vector<PtTensor> read_tensors(PtReader& reader, const Value& states, bool bare) {
  std::unordered_map<std::string_view, const Value*> last;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < states.items->size(); i += 2) {
    const Value& name = *(*states.items)[i];
    if (name.is(Value::Kind::text) && last.insert_or_assign(*name.text, (*states.items)[i + 1]).second)
      names.push_back(*name.text);
  }
  std::vector<PtTensor> tensors;
  for (const std::string_view name : names) {
    const Value& value = *last.at(name);
    if (value.is(Value::Kind::opaque) && !bare)
      refuse_name(*value.text, reader.place() + ": " + std::string(name));
    if (value.is(Value::Kind::tensor)) tensors.push_back(reader.read(std::string(name), *value.tensor));
  }
  return tensors;
}

}  // namespace

PtFile read_pt_file(const std::filesystem::path& path) {
  PtReader reader(path);
  std::string bytes = reader.bytes_of("data.pkl", pickle_limit(reader.size()));
  const auto json_bytes = static_cast<std::int64_t>(32 * bytes.size() + (64 << 10));
  const Pickle pickle(std::move(bytes), reader.place() + ": data.pkl", Unknown::leave_out);
  const Value& root = pickle.root();
  if (root.is(Value::Kind::opaque)) refuse_name(*root.text, reader.place());
  if (!root.is(Value::Kind::dict))
    throw DataError(fmt::format("a {} where a dict with model_state_dict is expected", kind_name(root.kind)),
                    reader.place());
  const Value* states = root.find("model_state_dict");
  if (states == nullptr) states = &root;
  if (states->is(Value::Kind::opaque)) refuse_name(*states->text, reader.place() + ": model_state_dict");
  if (!states->is(Value::Kind::dict)) throw DataError("model_state_dict is no dict", reader.place());
  PtFile file;
  JsonMaker json(json_bytes);
  for (const char* key : needed)
    if (const Value* value = root.find(key)) {
      refuse_unknown(*value, reader.place() + ": " + key);
      file.values[key] = json.make(*value);
    }
  file.tensors = read_tensors(reader, *states, states == &root);
  if (file.tensors.empty()) throw DataError("no model_state_dict with tensors in it", reader.place());
  for (std::size_t i = root.items->size(); i >= 2; i -= 2) {  // of equal names the last
    const Value &name = *(*root.items)[i - 2], &value = *(*root.items)[i - 1];
    if (!name.is(Value::Kind::text) || value.is(Value::Kind::tensor) || *name.text == "model_state_dict" ||
        *name.text == "optimizer_state_dict" || file.values.contains(std::string(*name.text)))
      continue;
    file.values[std::string(*name.text)] = json.make(value);
  }
  return file;
}

}  // namespace runner::data
