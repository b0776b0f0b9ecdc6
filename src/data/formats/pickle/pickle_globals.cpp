#include "data/formats/pickle/pickle_globals.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "base/log.h"
#include "data/formats/convert.h"
#include "data/formats/pickle/pickle_torch.h"

namespace runner::data {

using Kind = Value::Kind;

namespace {

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
    make.charge(2 * sizeof(void*));  // a list may be given again and again
    dict->items->insert(dict->items->end(), pair->items->begin(), pair->items->end());
  }
  return dict;
}

// set([…]), frozenset([…]): read as a list; bytearray(b"…"), Counter({…}): as what they are made of.
Value* as_given(PickleMaker& make, const Value& arguments) {
  if (arguments.size() == 0) return make.container(Kind::list);
  return make.again(*(*arguments.items)[0]);
}

Value* complex_number(PickleMaker& make, const Value& arguments) {
  Value* pair = make.container(Kind::tuple);
  for (std::size_t i = 0; i < 2; ++i)
    pair->items->push_back(make.again(argument(make, arguments, i, Kind::real)));
  return pair;
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
  PickleCall call;  // nullptr: only ever an argument
};

// Python 2's name of a module is what protocol 2 spells.
constexpr std::array<Callable, 17> callables{{{"collections.OrderedDict", ordered_dict},
                                              {"collections.Counter", as_given},
                                              {"builtins.set", as_given},
                                              {"__builtin__.set", as_given},
                                              {"builtins.frozenset", as_given},
                                              {"__builtin__.frozenset", as_given},
                                              {"builtins.bytearray", as_given},
                                              {"__builtin__.bytearray", as_given},
                                              {"builtins.complex", complex_number},
                                              {"__builtin__.complex", complex_number},
                                              {"numpy.core.multiarray.scalar", scalar},
                                              {"numpy._core.multiarray.scalar", scalar},
                                              {"numpy.core.multiarray._reconstruct", empty_array},
                                              {"numpy._core.multiarray._reconstruct", empty_array},
                                              {"numpy.dtype", dtype},
                                              {"numpy.ndarray", nullptr},
                                              {"_codecs.encode", encode}}};

const Callable* find_callable(std::string_view name) {
  for (const Callable& callable : callables)
    if (callable.name == name) return &callable;
  return nullptr;
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
  if (find_callable(full) == nullptr && torch_call(full) == nullptr && !is_torch_name(full))
    return make.unknown(full);
  return make.owned_text(Kind::global, full);
}

Value* call_global(PickleMaker& make, const Value& global, const Value& arguments) {
  if (!arguments.is(Kind::tuple)) make.fail("a call without a tuple of arguments");
  const Callable* callable = find_callable(*global.text);
  const PickleCall call = callable != nullptr ? callable->call : torch_call(*global.text);
  return call != nullptr ? call(make, arguments) : make.unknown(std::string(*global.text) + "(…)");
}

void set_state(PickleMaker& make, Value& object, const Value& state) {
  if (object.is(Kind::array)) return set_array_state(make, *object.array, state);
  if (object.is(Kind::dict) && state.is(Kind::dict)) return;  // attributes, such as a state dict's _metadata
  if (object.is(Kind::opaque)) return;
  if (!object.is(Kind::dtype)) make.fail(fmt::format("a state for a {}", kind_name(object.kind)));
  const std::string_view order = *argument(make, state, 1, Kind::text).text;  // (version, byte order, …)
  if (order == ">" && item_size(object.dtype) > 1) make.fail("big-endian NumPy values are not read");
}

}  // namespace runner::data
