// The few names a pickle may use, and what stands for calling them.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "base/log.h"
#include "data/convert.h"
#include "data/pickle_store.h"

namespace runner::data {
namespace {

using Kind = Value::Kind;

constexpr std::array storages = {"Float", "Double", "Half", "BFloat16", "Long",
                                 "Int",   "Short",  "Char", "Byte",     "Bool"};

const Value& argument(PickleMaker& make, const Value& arguments, std::size_t i, Kind kind) {
  if (!arguments.is(Kind::tuple) || arguments.size() <= i || !(*arguments.items)[i]->is(kind))
    make.fail(fmt::format("argument {} of a call is no {}", i + 1, kind_name(kind)));
  return *(*arguments.items)[i];
}

std::int64_t integer_argument(PickleMaker& make, const Value& arguments, std::size_t i) {
  return argument(make, arguments, i, Kind::integer).integer;
}

std::vector<std::int64_t> sizes_argument(PickleMaker& make, const Value& arguments, std::size_t i) {
  const Value& tuple = argument(make, arguments, i, Kind::tuple);
  if (tuple.size() > 32) make.fail("more than 32 dimensions");
  std::vector<std::int64_t> sizes;
  for (const Value* item : *tuple.items) {
    if (!item->is(Kind::integer) || item->integer < 0) make.fail("a shape or stride that is no whole number");
    sizes.push_back(item->integer);
  }
  return sizes;
}

DType dtype_of(PickleMaker& make, std::string_view code) {  // "f8", "<f8", "O8"
  const std::string kind(
      code.substr(code.empty() || std::isalpha(static_cast<unsigned char>(code[0])) ? 0 : 1));
  if (!kind.empty() && kind[0] == 'O') return DType::object;
  for (int i = 0; i < static_cast<int>(DType::object); ++i)
    if (kind == dtype_descr(static_cast<DType>(i)) + 1) return static_cast<DType>(i);
  make.fail("the NumPy dtype '" + std::string(code) + "' is not among those that are read");
}

Value* scalar(PickleMaker& make, const Value& arguments) {
  const DType dtype = argument(make, arguments, 0, Kind::dtype).dtype;
  const std::string_view bytes = *argument(make, arguments, 1, Kind::bytes).text;
  if (item_size(dtype) == 0 || bytes.size() != item_size(dtype))
    make.fail("a NumPy scalar of the wrong size");
  const std::byte* at = reinterpret_cast<const std::byte*>(bytes.data());
  if (dtype == DType::f64) {
    double value;
    std::memcpy(&value, at, sizeof value);
    return make.real(value);
  }
  if (is_floating(dtype)) return make.real(static_cast<double>(to_float_scalar(dtype, at)));
  std::int64_t value;
  to_int64(dtype, at, 1, &value);
  return dtype == DType::boolean ? make.boolean(value != 0) : make.integer(value);
}

// _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)
Value* tensor(PickleMaker& make, const Value& arguments) {
  const PickleTensor& storage = *argument(make, arguments, 0, Kind::storage).tensor;
  Value* value = make.make(Kind::tensor);
  PickleTensor& made = make.add_tensor(value);
  made = storage;
  made.offset = integer_argument(make, arguments, 1);
  made.shape = sizes_argument(make, arguments, 2);
  made.strides = sizes_argument(make, arguments, 3);
  if (made.strides.size() != made.shape.size() || made.offset < 0)
    make.fail("a tensor's shape and strides disagree");
  return value;
}

// Protocol 2 has no bytes: it spells them as _codecs.encode(text, 'latin1').
Value* encode(PickleMaker& make, const Value& arguments) {
  const std::string_view text = *argument(make, arguments, 0, Kind::text).text;
  const std::string_view codec = *argument(make, arguments, 1, Kind::text).text;
  if (codec != "latin1" && codec != "latin-1") make.fail("_codecs.encode to " + std::string(codec));
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      bytes.push_back(text[i]);
    } else if ((c == 0xc2 || c == 0xc3) && i + 1 < text.size()) {  // UTF-8 of U+0080 … U+00FF
      bytes.push_back(static_cast<char>((c & 3) << 6 | (text[++i] & 0x3f)));
    } else {
      make.fail("bytes that are no latin1");
    }
  }
  return make.owned_text(Kind::bytes, std::move(bytes));
}

Value* ordered_dict(PickleMaker& make, const Value& arguments) {
  Value* dict = make.container(Kind::dict);
  if (arguments.size() == 0) return dict;
  for (const Value* pair : *argument(make, arguments, 0, Kind::list).items) {
    if ((!pair->is(Kind::list) && !pair->is(Kind::tuple)) || pair->size() != 2)
      make.fail("an OrderedDict of no pairs");
    dict->items->insert(dict->items->end(), pair->items->begin(), pair->items->end());
  }
  return dict;
}

Value* dtype(PickleMaker& make, const Value& arguments) {
  Value* value = make.make(Kind::dtype);
  value->dtype = dtype_of(make, *argument(make, arguments, 0, Kind::text).text);
  return value;
}

Value* empty_array(PickleMaker& make, const Value&) {
  Value* value = make.make(Kind::array);
  make.add_array(value);
  return value;
}

struct Callable {
  std::string_view name;
  Value* (*call)(PickleMaker&, const Value&);  // nullptr: only ever an argument
};

constexpr std::array<Callable, 9> callables{{{"collections.OrderedDict", ordered_dict},
                                             {"torch._utils._rebuild_tensor_v2", tensor},
                                             {"numpy.core.multiarray.scalar", scalar},
                                             {"numpy._core.multiarray.scalar", scalar},
                                             {"numpy.core.multiarray._reconstruct", empty_array},
                                             {"numpy._core.multiarray._reconstruct", empty_array},
                                             {"numpy.dtype", dtype},
                                             {"numpy.ndarray", nullptr},
                                             {"_codecs.encode", encode}}};

bool is_storage(std::string_view name) {
  return std::any_of(storages.begin(), storages.end(),
                     [&](const char* type) { return name == "torch." + std::string(type) + "Storage"; });
}

// (version, shape, dtype, is_fortran, bytes or list)
void set_array_state(PickleMaker& make, PickleArray& array, const Value& state) {
  array.shape = sizes_argument(make, state, 1);
  array.dtype = argument(make, state, 2, Kind::dtype).dtype;
  array.fortran_order = argument(make, state, 3, Kind::boolean).integer != 0;
  std::uint64_t count = 1;
  for (const std::int64_t n : array.shape)
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(n), &count))
      make.fail("a NumPy array beyond 64 bits");
  std::uint64_t size = 0;
  if (array.dtype == DType::object) {
    array.items = argument(make, state, 4, Kind::list).items;
    if (array.items->size() != count) make.fail("a NumPy array with another number of items than its shape");
    return;
  }
  array.bytes = *argument(make, state, 4, Kind::bytes).text;
  if (__builtin_mul_overflow(count, std::uint64_t{item_size(array.dtype)}, &size) ||
      size != array.bytes.size())
    make.fail("a NumPy array with another number of bytes than its shape");
}

}  // namespace

Value* find_global(PickleMaker& make, std::string_view module, std::string_view name) {
  const std::string full = std::string(module) + "." + std::string(name);
  const bool known =
      std::any_of(callables.begin(), callables.end(), [&](const Callable& c) { return c.name == full; });
  if (!known && !is_storage(full)) make.refuse(full);
  return make.owned_text(Kind::global, full);
}

Value* call_global(PickleMaker& make, const Value& global, const Value& arguments) {
  for (const Callable& callable : callables)
    if (callable.name == *global.text && callable.call != nullptr) return callable.call(make, arguments);
  make.refuse(std::string(*global.text) + "(…)");
}

void set_state(PickleMaker& make, Value& object, const Value& state) {
  if (object.is(Kind::array)) return set_array_state(make, *object.array, state);
  if (object.is(Kind::dict) && state.is(Kind::dict)) return;  // attributes, such as a state dict's _metadata
  if (!object.is(Kind::dtype)) make.fail(fmt::format("a state for a {}", kind_name(object.kind)));
  const std::string_view order = *argument(make, state, 1, Kind::text).text;  // (version, byte order, …)
  if (order == ">" && item_size(object.dtype) > 1) make.fail("big-endian NumPy values are not read");
}

// ('storage', torch.FloatStorage, key, device, number of elements)
Value* find_storage(PickleMaker& make, const Value& id) {
  const std::string_view kind = *argument(make, id, 0, Kind::text).text;
  const std::string_view type = *argument(make, id, 1, Kind::global).text;
  if (kind != "storage" || !is_storage(type)) make.fail("a persistent object that is no torch storage");
  Value* value = make.make(Kind::storage);
  PickleTensor& storage = make.add_tensor(value);
  storage.dtype = type.substr(6, type.size() - 6 - 7);  // without "torch." and "Storage"
  storage.key = *argument(make, id, 2, Kind::text).text;
  storage.numel = integer_argument(make, id, 4);
  if (storage.numel < 0) make.fail("a storage of negative size");
  return value;
}

}  // namespace runner::data
