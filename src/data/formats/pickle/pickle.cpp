#include "data/formats/pickle/pickle.h"

#include <array>

#include "base/error.h"
#include "data/formats/pickle/pickle_reader.h"
#include "data/formats/pickle/pickle_store.h"

namespace runner::data {

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

void refuse_name(std::string_view name, const std::string& place) {
  throw DataError("this pickle asks for " + std::string(name) +
                      ", which is refused: only plain containers, numbers, strings, NumPy values and torch "
                      "tensors are read, and nothing is ever executed",
                  place);
}

Pickle::Pickle(std::string bytes, const std::string& place, Unknown unknown)
    : store_(std::make_unique<Store>()) {
  store_->bytes = std::move(bytes);
  store_->root = read_pickle(*store_, place, unknown);
}

Pickle::~Pickle() = default;
Pickle::Pickle(Pickle&&) noexcept = default;
const Value& Pickle::root() const {
  return *store_->root;
}

}  // namespace runner::data
