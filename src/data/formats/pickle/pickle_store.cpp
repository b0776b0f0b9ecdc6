#include "data/formats/pickle/pickle_store.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace runner::data {
namespace {

constexpr std::size_t most_bytes = 768 << 20;

}  // namespace

PickleMaker::PickleMaker(Pickle::Store& store, const std::string& place, Unknown unknown)
    : store_(store),
      place_(place),
      unknown_(unknown),
      left_(std::min(most_bytes, 32 * store.bytes.size() + (std::size_t{1} << 20))) {}

void PickleMaker::fail(const std::string& what) const {
  throw DataError("damaged pickle: " + what, place_);
}

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
  charge(sizeof(std::string_view));
  made->text = &store_.texts.emplace_back(value);
  return made;
}

Value* PickleMaker::owned_text(Value::Kind kind, std::string value) {
  charge(sizeof(std::string) + (value.size() > 15 ? value.size() : 0));
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

const Value& argument(PickleMaker& make, const Value& arguments, std::size_t i, Value::Kind kind) {
  if (!arguments.is(Value::Kind::tuple) || arguments.size() <= i || !(*arguments.items)[i]->is(kind))
    make.fail(fmt::format("argument {} of a call is no {}", i + 1, kind_name(kind)));
  return *(*arguments.items)[i];
}

std::vector<std::int64_t> sizes_argument(PickleMaker& make, const Value& arguments, std::size_t i) {
  const Value& tuple = argument(make, arguments, i, Value::Kind::tuple);
  if (tuple.size() > 32) make.fail("more than 32 dimensions");
  std::vector<std::int64_t> sizes;
  for (const Value* item : *tuple.items) {
    if (!item->is(Value::Kind::integer) || item->integer < 0)
      make.fail("a shape or stride that is no whole number");
    sizes.push_back(item->integer);
  }
  return sizes;
}

}  // namespace runner::data
