#include "data/pickle.h"

#include <array>

#include "base/error.h"
#include "data/pickle_store.h"

namespace runner::data {

constexpr std::size_t most_values = 20'000'000;

const char* kind_name(Value::Kind kind) {
  constexpr std::array names = {"None",  "boolean",     "integer",       "number", "text",
                                "bytes", "list",        "tuple",         "dict",   "name",
                                "dtype", "NumPy array", "torch storage", "tensor"};
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

void PickleMaker::refuse(const std::string& name) const {
  throw DataError(
      "this pickle asks for " + name +
          ", which is refused: only plain containers, numbers, strings, NumPy values and torch tensors are "
          "read, and nothing is ever executed",
      place_);
}

Value* PickleMaker::make(Value::Kind kind) {
  if (store_.values.size() >= most_values) fail("more than 20 million values");
  store_.values.emplace_back();
  store_.values.back().kind = kind;
  return &store_.values.back();
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
  made->text = &store_.texts.emplace_back(value);
  return made;
}

Value* PickleMaker::owned_text(Value::Kind kind, std::string value) {
  return text(kind, store_.owned.emplace_back(std::move(value)));
}

Value* PickleMaker::container(Value::Kind kind) {
  Value* made = make(kind);
  made->items = &store_.lists.emplace_back();
  return made;
}

PickleArray& PickleMaker::add_array(Value* value) {
  value->array = &store_.arrays.emplace_back();
  return *value->array;
}

PickleTensor& PickleMaker::add_tensor(Value* value) {
  value->tensor = &store_.tensors.emplace_back();
  return *value->tensor;
}

Pickle::~Pickle() = default;
Pickle::Pickle(Pickle&&) noexcept = default;
const Value& Pickle::root() const {
  return *store_->root;
}

}  // namespace runner::data
