#include "data/formats/pickle/pickle.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "data/formats/pickle/pickle_store.h"

namespace runner::data {

constexpr std::size_t most_bytes = 768 << 20;

const char* kind_name(Value::Kind kind) {
  constexpr std::array names = {"None",  "boolean",     "integer",       "number", "text",
                                "bytes", "list",        "tuple",         "dict",   "name",
                                "dtype", "NumPy array", "torch storage", "tensor", "unknown object"};
  return names[static_cast<std::size_t>(kind)];
}

const Value* Value::find(std::string_view key) const {
  if (kind != Kind::dict) return nullptr;
  for (std::size_t i = items->size(); i >= 2; i -= 2) {
    const Value& k = *(*items)[i - 2];
    if (k.is(Kind::text) && *k.text == key) return (*items)[i - 1];
  }
  return nullptr;
}

void PickleMaker::fail(const std::string& what) const {
  throw DataError("damaged pickle: " + what, place_);
}

void refuse_name(std::string_view name, const std::string& place) {
  throw DataError("this pickle asks for " + std::string(name) +
                      ", which is refused: only plain containers, numbers, strings, NumPy values and torch "
                      "tensors are read, and nothing is ever executed",
                  place);
}

PickleMaker::PickleMaker(Pickle::Store& store, const std::string& place, Unknown unknown)
    : store_(store),
      place_(place),
      unknown_(unknown),
      left_(std::min(most_bytes, 32 * store.bytes.size() + (std::size_t{1} << 20))) {}

void PickleMaker::charge(std::size_t bytes) {
  if (bytes > left_) {
    left_ = 0;
    fail("it would unfold to far more than its size, as if made to fill the memory");
  }
  left_ -= bytes;
}

Value* PickleMaker::unknown(std::string_view name) {
  if (unknown_ == Unknown::refuse) refuse_name(name, place_);
  return owned_text(Value::Kind::opaque, std::string(name));
}

Value* PickleMaker::make(Value::Kind kind) {
  charge(sizeof(Value));
  store_.values.emplace_back();
  store_.values.back().kind = kind;
  return &store_.values.back();
}

Value* PickleMaker::again(const Value& value) {
  Value* made = make(value.kind);
  *made = value;
  return made;
}

Value* PickleMaker::integer(std::int64_t value) {
  Value* made = make(Value::Kind::integer);
  made->integer = value;
  return made;
}

Value* PickleMaker::real(double value) {
  Value* made = make(Value::Kind::real);
  made->real = value;
  return made;
}

Value* PickleMaker::boolean(bool value) {
  Value* made = make(Value::Kind::boolean);
  made->integer = value ? 1 : 0;
  return made;
}

Value* PickleMaker::text(Value::Kind kind, std::string_view value) {
  Value* made = make(kind);
  charge(sizeof value);
  made->text = &store_.texts.emplace_back(value);
  return made;
}

Value* PickleMaker::owned_text(Value::Kind kind, std::string value) {
  charge(sizeof value + (value.size() > 15 ? value.size() : 0));
  return text(kind, store_.owned.emplace_back(std::move(value)));
}

Value* PickleMaker::container(Value::Kind kind) {
  Value* made = make(kind);
  charge(sizeof(Value::Items));
  made->items = &store_.lists.emplace_back();
  return made;
}

PickleArray& PickleMaker::add_array(Value* value) {
  charge(sizeof(PickleArray));
  value->array = &store_.arrays.emplace_back();
  return *value->array;
}

PickleTensor& PickleMaker::add_tensor(Value* value) {
  charge(sizeof(PickleTensor));
  value->tensor = &store_.tensors.emplace_back();
  return *value->tensor;
}

Pickle::~Pickle() = default;
Pickle::Pickle(Pickle&&) noexcept = default;
const Value& Pickle::root() const {
  return *store_->root;
}

}  // namespace runner::data
