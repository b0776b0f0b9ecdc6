#pragma once
// Inside data/ only: what the pieces of the pickle reader share.

#include <deque>
#include <string>
#include <string_view>

#include "data/pickle.h"

namespace runner::data {

// Everything a pickle made. Deques: addresses stay.
struct Pickle::Store {
  std::string bytes;  // texts point into it
  std::deque<Value> values;
  std::deque<Value::Items> lists;
  std::deque<std::string_view> texts;
  std::deque<std::string> owned;  // texts that are not in `bytes` as they are
  std::deque<PickleArray> arrays;
  std::deque<PickleTensor> tensors;
  const Value* root = nullptr;
};

// Makes values. The reader and the functions a pickle may call use it.
class PickleMaker {
 public:
  PickleMaker(Pickle::Store& store, const std::string& place) : store_(store), place_(place) {}
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void refuse(const std::string& name) const;  // a name that is not on the list

  Value* make(Value::Kind kind);  // counts: more than 20 million values are refused
  Value* integer(std::int64_t value);
  Value* real(double value);
  Value* boolean(bool value);
  Value* text(Value::Kind kind, std::string_view value);
  Value* owned_text(Value::Kind kind, std::string value);
  Value* container(Value::Kind kind);
  PickleArray& add_array(Value* value);
  PickleTensor& add_tensor(Value* value);

 private:
  Pickle::Store& store_;
  const std::string& place_;
};

// The global MODULE.NAME; refused by name unless it is on the list.
Value* find_global(PickleMaker& make, std::string_view module, std::string_view name);
// REDUCE: calls one of the listed globals. `arguments` is a tuple.
Value* call_global(PickleMaker& make, const Value& global, const Value& arguments);
// BUILD: a NumPy array's or dtype's state; attributes of an OrderedDict are dropped.
void set_state(PickleMaker& make, Value& object, const Value& state);
// BINPERSID: torch's description of a storage.
Value* find_storage(PickleMaker& make, const Value& id);

}  // namespace runner::data
