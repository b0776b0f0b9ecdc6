// torch's names in a pickle: those of PyTorch's own safe loader (torch/_weights_only_unpickler.py) that make
// tensors and what a state dict or a trainer's arguments hold beside them.
#include "data/formats/pickle/pickle_torch.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "data/formats/pickle/pickle_globals.h"

namespace runner::data {
namespace {

using Kind = Value::Kind;

struct TypeName {
  std::string_view storage, dtype;  // "Float", "float32"
};
constexpr std::array<TypeName, 10> types{{{"Float", "float32"},
                                          {"Double", "float64"},
                                          {"Half", "float16"},
                                          {"BFloat16", "bfloat16"},
                                          {"Long", "int64"},
                                          {"Int", "int32"},
                                          {"Short", "int16"},
                                          {"Char", "int8"},
                                          {"Byte", "uint8"},
                                          {"Bool", "bool"}}};

std::int64_t integer_argument(PickleMaker& make, const Value& arguments, std::size_t i) {
  return argument(make, arguments, i, Kind::integer).integer;
}

// _rebuild_tensor(storage, offset, size, stride), and _v2 with requires_grad and hooks behind them
Value* tensor(PickleMaker& make, const Value& arguments) {
  const PickleTensor& storage = *argument(make, arguments, 0, Kind::storage).tensor;
  Value* value = make.make(Kind::tensor);
  PickleTensor& made = make.add_tensor(value);
  made = storage;
  made.offset = integer_argument(make, arguments, 1);
  made.shape = sizes_argument(make, arguments, 2);
  made.strides = sizes_argument(make, arguments, 3);
  make.charge((made.shape.size() + made.strides.size()) * sizeof(std::int64_t));
  if (made.strides.size() != made.shape.size() || made.offset < 0)
    make.fail("a tensor's shape and strides disagree");
  return value;
}

// _rebuild_tensor_v3(untyped storage, offset, size, stride, requires_grad, hooks, dtype)
Value* typed_tensor(PickleMaker& make, const Value& arguments) {
  Value* value = tensor(make, arguments);
  const std::string_view name = *argument(make, arguments, 6, Kind::global).text;
  value->tensor->dtype = name;
  for (const TypeName& type : types)
    if (name == "torch." + std::string(type.dtype)) value->tensor->dtype = type.storage;
  value->tensor->numel = 0;  // it counted bytes; the storage's own size is what bounds the tensor
  return value;
}

// Parameter(data, …), _rebuild_parameter(data, requires_grad, hooks[, state]): the tensor
Value* parameter(PickleMaker& make, const Value& arguments) {
  return make.again(argument(make, arguments, 0, Kind::tensor));
}

// _rebuild_from_type_v2(function, type, arguments, state): a tensor with attributes
Value* from_type(PickleMaker& make, const Value& arguments) {
  const Value& function = argument(make, arguments, 0, Kind::global);
  if (*function.text == "torch._tensor._rebuild_from_type_v2") make.fail("it rebuilds its own rebuilding");
  return call_global(make, function, argument(make, arguments, 2, Kind::tuple));
}

Value* size(PickleMaker& make, const Value& arguments) {
  return make.again(argument(make, arguments, 0, Kind::tuple));
}

// device("cuda", 1): "cuda:1"
Value* device(PickleMaker& make, const Value& arguments) {
  std::string name(*argument(make, arguments, 0, Kind::text).text);
  if (arguments.size() > 1) name += ":" + std::to_string(integer_argument(make, arguments, 1));
  return make.owned_text(Kind::text, std::move(name));
}

struct TorchCallable {
  std::string_view name;
  PickleCall call;
};
constexpr std::array<TorchCallable, 10> torch_callables{
    {{"torch._utils._rebuild_tensor", tensor},
     {"torch._utils._rebuild_tensor_v2", tensor},
     {"torch._utils._rebuild_tensor_v3", typed_tensor},
     {"torch._utils._rebuild_parameter", parameter},
     {"torch._utils._rebuild_parameter_with_state", parameter},
     {"torch.nn.parameter.Parameter", parameter},
     {"torch.nn.parameter.Buffer", parameter},
     {"torch._tensor._rebuild_from_type_v2", from_type},
     {"torch.Size", size},
     {"torch.device", device}}};

// "Float" of "torch.FloatStorage", "Untyped" of "torch.storage.UntypedStorage"; "" when it is no storage.
std::string_view storage_type(std::string_view name) {
  if (!name.starts_with("torch.") || !name.ends_with("Storage")) return "";
  const std::size_t begin = name.rfind('.') + 1;
  return name.substr(begin, name.size() - begin - 7);
}

}  // namespace

PickleCall torch_call(std::string_view name) {
  for (const TorchCallable& callable : torch_callables)
    if (callable.name == name) return callable.call;
  return nullptr;
}

bool is_torch_name(std::string_view name) {
  constexpr std::array dtypes = {"float", "bfloat", "half",  "double", "complex", "int",
                                 "uint",  "long",   "short", "bool",   "qint",    "quint"};
  return name == "torch.Tensor" || !storage_type(name).empty() ||
         std::any_of(dtypes.begin(), dtypes.end(),
                     [&](const char* type) { return name.starts_with("torch." + std::string(type)); });
}

// ('storage', torch.FloatStorage, key, device, number of elements)
Value* find_storage(PickleMaker& make, const Value& id) {
  const std::string_view kind = *argument(make, id, 0, Kind::text).text;
  const std::string_view type = storage_type(*argument(make, id, 1, Kind::global).text);
  if (kind != "storage" || type.empty()) make.fail("a persistent object that is no torch storage");
  Value* value = make.make(Kind::storage);
  PickleTensor& storage = make.add_tensor(value);
  storage.dtype = type;
  storage.key = *argument(make, id, 2, Kind::text).text;
  storage.numel = integer_argument(make, id, 4);
  if (storage.numel < 0) make.fail("a storage of negative size");
  return value;
}

}  // namespace runner::data
