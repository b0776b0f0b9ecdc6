#pragma once
// Inside data/ only: what the pieces of the pickle reader share.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

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

// Argument i of a call, which has to be of this kind.
const Value& argument(PickleMaker& make, const Value& arguments, std::size_t i, Value::Kind kind);
// Argument i as a shape or as strides: a tuple of at most 32 whole numbers, 0 or more.
std::vector<std::int64_t> sizes_argument(PickleMaker& make, const Value& arguments, std::size_t i);

}  // namespace runner::data
