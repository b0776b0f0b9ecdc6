#pragma once
// Inside data/ only: what the pieces of the pickle reader share.

#include <deque>
#include <string>
#include <string_view>

#include "data/formats/pickle/pickle.h"

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
  PickleMaker(Pickle::Store& store, const std::string& place, Unknown unknown);
  [[noreturn]] void fail(const std::string& what) const;
  // Before memory is taken that the pickle's own bytes do not back: fails beyond the budget.
  void charge(std::size_t bytes);
  // What stands for the object of a name that is not on the list, or of a call that cannot be understood:
  // refuses it, or makes an opaque value.
  Value* unknown(std::string_view name);
  // True when a fault of one object is not one of the whole pickle.
  bool tolerant() const { return unknown_ == Unknown::leave_out && left_ > 0; }

  Value* make(Value::Kind kind);
  Value* again(const Value& value);  // the same contents
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
  Unknown unknown_;
  std::size_t left_;  // bytes
};

// The global MODULE.NAME; refused by name unless it is on the list, or names alone do no harm.
Value* find_global(PickleMaker& make, std::string_view module, std::string_view name);
// REDUCE, NEWOBJ: what calling one of the listed globals with a tuple of arguments gives. Nothing is called.
Value* call_global(PickleMaker& make, const Value& global, const Value& arguments);
// BUILD: a NumPy array's or dtype's state; attributes of all else are dropped.
void set_state(PickleMaker& make, Value& object, const Value& state);
// torch's part of the list (pickle_torch.cpp); nullptr when the name is none of torch's.
using PickleCall = Value* (*)(PickleMaker&, const Value&);
PickleCall torch_call(std::string_view name);
bool is_torch_name(std::string_view name);  // may be an argument: storages, dtypes
const Value& argument(PickleMaker& make, const Value& arguments, std::size_t i, Value::Kind kind);
std::vector<std::int64_t> sizes_argument(PickleMaker& make, const Value& arguments, std::size_t i);
// BINPERSID: torch's description of a storage.
Value* find_storage(PickleMaker& make, const Value& id);

}  // namespace runner::data
