// A device "mps" where libtorch has none: on MPS's own dispatch key, in host memory, computed by the CPU's
// kernels, under the rules of rules.h. Linked into a program it is there, and code that asks for "mps" gets
// it.

#include <ATen/EmptyTensor.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <cstdlib>
#include <cstring>

#include "mps_rules/rules.h"

#define LIBTORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace runner::test::mps {
namespace {

const at::Device the_device(at::kMPS, 0);
const c10::DispatchKeySet the_key(c10::DispatchKey::MPS);

struct Allocator final : c10::Allocator {
#if LIBTORCH_AT_LEAST(2, 3)
  c10::DataPtr allocate(std::size_t bytes) override {
    return allocated(bytes);
  }
  void copy_data(void* to, const void* from, std::size_t count) const override {
    std::memcpy(to, from, count);
  }
#else
  c10::DataPtr allocate(std::size_t bytes) const override {
    return allocated(bytes);
  }
#endif
  static c10::DataPtr allocated(std::size_t bytes) {
    constexpr std::size_t line = 64;
    void* memory = bytes == 0 ? nullptr : std::aligned_alloc(line, (bytes + line - 1) / line * line);
    return {memory, memory, &std::free, the_device};
  }
};
Allocator allocator;

struct Guard final : c10::impl::DeviceGuardImplInterface {
  at::DeviceType type() const override { return at::kMPS; }
  at::Device exchangeDevice(at::Device) const override { return the_device; }
  at::Device getDevice() const override { return the_device; }
  // Called when autograd starts the thread that it keeps for a device.
  void setDevice(at::Device) const override { this_is_autograds_thread(); }
  void uncheckedSetDevice(at::Device) const noexcept override {}
  c10::Stream getStream(at::Device device) const noexcept override {
    return c10::Stream(c10::Stream::DEFAULT, device);
  }
  c10::Stream getDefaultStream(at::Device device) const override { return getStream(device); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return getStream(the_device); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  // Nothing is ever on its way.
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
};
C10_REGISTER_GUARD_IMPL(MPS, Guard);

using Type = c10::optional<at::ScalarType>;
using Layout = c10::optional<at::Layout>;
using Place = c10::optional<at::Device>;
using Flag = c10::optional<bool>;
using Format = c10::optional<at::MemoryFormat>;

at::ScalarType checked(const Type& type) {
  const auto wanted = type ? *type : c10::typeMetaToScalarType(at::get_default_dtype());
  no_float64(wanted);
  return wanted;
}

at::Tensor empty(at::IntArrayRef size, Type type, Layout, Place, Flag, Format format) {
  const Use use("empty.memory_format");
  return at::detail::empty_generic(size, &allocator, the_key, checked(type), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, Type type, Layout, Place, Flag) {
  const Use use("empty_strided");
  return at::detail::empty_strided_generic(size, stride, &allocator, the_key, checked(type));
}

// The same memory, as the CPU sees it. Valid while `x` is.
at::Tensor on_cpu(const at::Tensor& x) {
  if (x.is_cpu() || x.numel() == 0)
    return x.is_cpu() ? x : at::empty(x.sizes(), x.options().device(at::kCPU));
  return at::from_blob(x.data_ptr(), x.sizes(), x.strides(),
                       x.options().device(at::kCPU).requires_grad(false));
}

at::Tensor& copy_(at::Tensor& to, const at::Tensor& from, bool) {
  const Use use("copy_");
  if (use.outermost()) {
    note_operator("copy_");
    if (to.is_cpu()) one_read_a_step("copy_ to the CPU");
  }
  at::Tensor target = on_cpu(to);
  target.copy_(on_cpu(from));
  return to;
}

// What the CPU fallback ends with, for results that the caller has given.
at::Tensor copy_and_resize(const at::Tensor& from, const at::Tensor& to) {
  const Use use("_copy_from_and_resize");
  at::Tensor target = to;
  if (to.sizes() != from.sizes()) target.resize_(from.sizes());
  on_cpu(target).copy_(on_cpu(from));
  return to;
}

at::Scalar read_value(const at::Tensor& x) {
  const Use use("_local_scalar_dense");
  if (use.outermost()) {
    note_operator("_local_scalar_dense");
    one_read_a_step("item");
  }
  return on_cpu(x).item();
}

at::Tensor as_strided(const at::Tensor& x, at::IntArrayRef size, at::IntArrayRef stride,
                      c10::optional<std::int64_t> offset) {
  const Use use("as_strided");
  if (use.outermost()) note_operator("as_strided");
  at::Tensor part = at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(x.storage()),
                                                             x.key_set(), x.dtype());
  part.unsafeGetTensorImpl()->set_sizes_and_strides(size, stride, offset ? *offset : x.storage_offset());
  return part;
}

at::Tensor view(const at::Tensor& x, at::IntArrayRef size) {
  const Use use("view");
  if (use.outermost()) note_operator("view");
  return at::native::view(x, size);
}

at::Tensor reshape_alias(const at::Tensor& x, at::IntArrayRef size, at::IntArrayRef stride) {
  const Use use("_reshape_alias");
  if (use.outermost()) note_operator("_reshape_alias");
  return at::native::_reshape_alias(x, size, stride);
}

const at::Tensor& resize(const at::Tensor& x, at::IntArrayRef size, Format) {
  const Use use("resize_");
  auto* const storage = x.storage().unsafeGetStorageImpl();
  const std::size_t bytes = at::detail::computeStorageNbytesContiguous(size, x.itemsize());
  if (bytes > storage->nbytes()) {
    storage->set_data_ptr_noswap(Allocator::allocated(bytes));
    storage->set_nbytes(bytes);
  }
  x.unsafeGetTensorImpl()->set_sizes_contiguous(size);
  return x;
}

at::Tensor linear(const at::Tensor&, const at::Tensor&, const c10::optional<at::Tensor>&) {
  no_linear();
  return {};
}

// "aten::addmm.out" -> "addmm.out"
std::string name_of(const c10::OperatorHandle& op) {
  const std::string space = "aten::";
  std::string name = op.schema().name();
  if (name.compare(0, space.size(), space) == 0) name.erase(0, space.size());
  const std::string& overload = op.schema().overload_name();
  return overload.empty() ? name : name + "." + overload;
}

void by_the_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const std::string name = name_of(op);
  const Use use(name);
  if (use.outermost()) {
    note_operator(name);
    known_operator(name);
  }
  at::native::cpu_fallback(op, stack);
  for (std::size_t i = stack->size() - op.schema().returns().size(); i < stack->size(); ++i) {
    if (!(*stack)[i].isTensor() || !(*stack)[i].toTensor().defined()) continue;
    at::Tensor result = on_cpu((*stack)[i].toTensor());
    damage_result(name, result);
  }
}

#if !LIBTORCH_AT_LEAST(2, 0)
// In this libtorch the gradients of x * number and x / number take the number as a tensor of float64 on the
// CPU, which makes a product of two scalars one of float64. Later ones do not, and a Mac's is later.
template <class Operation>
at::Tensor with_number(const char* name, const at::Tensor& a, const at::Tensor& b, Operation operation) {
  const Use use(name);
  if (use.outermost()) {
    note_operator(name);
    known_operator(name);
  }
  const at::Tensor on_device = a.is_cpu() ? b : a;
  const auto value = [&](const at::Tensor& x) {
    const bool number = x.is_cpu() && x.dim() == 0;
    return number ? x.to(on_device.scalar_type()) : on_cpu(x);
  };
  const at::Tensor result_there = operation(value(a), value(b));
  at::Tensor result = at::empty(result_there.sizes(), result_there.options().device(the_device));
  at::Tensor same = on_cpu(result);
  same.copy_(result_there);
  damage_result(name, same);
  return result;
}

at::Tensor mul(const at::Tensor& a, const at::Tensor& b) {
  return with_number("mul.Tensor", a, b, [](const at::Tensor& x, const at::Tensor& y) { return x * y; });
}

at::Tensor div(const at::Tensor& a, const at::Tensor& b) {
  return with_number("div.Tensor", a, b, [](const at::Tensor& x, const at::Tensor& y) { return x / y; });
}
#endif

}  // namespace

TORCH_LIBRARY_IMPL(aten, MPS, m) {
#if !LIBTORCH_AT_LEAST(2, 0)
  m.impl("mul.Tensor", mul);
  m.impl("div.Tensor", div);
#endif

  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("copy_", copy_);
  m.impl("_copy_from_and_resize", copy_and_resize);
  m.impl("_local_scalar_dense", read_value);
  m.impl("as_strided", as_strided);
  m.impl("view", view);
  m.impl("_reshape_alias", reshape_alias);
  m.impl("resize_", resize);
  m.impl("linear", linear);
}

TORCH_LIBRARY_IMPL(_, MPS, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&by_the_cpu>());
}

}  // namespace runner::test::mps
