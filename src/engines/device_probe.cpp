#include "engines/device_probe.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <exception>

#include "base/cpu_features.h"
#include "base/log.h"

namespace runner::lvm {

std::string probe_device(const runtime::Device& device) {
  try {
    if (device.kind == runtime::DeviceKind::cuda && !torch::cuda::is_available())
      return "no CUDA device that this libtorch can use";
    const torch::Tensor ones = torch::ones({8, 8}, torch::Device(runtime::to_string(device)));
    const auto sum = torch::matmul(ones, ones).sum().item<double>();
    return sum == 512.0 ? "" : fmt::format("a product of ones gave {} instead of 512", sum);
  } catch (const std::exception& error) {
    if (device.kind == runtime::DeviceKind::mps && !at::hasMPS()) return "this libtorch has none";
    const std::string text = error.what();
    return text.substr(0, text.find('\n'));  // the rest is a stack trace
  }
}

void make_current(const torch::Device& device) {
  if (device.is_cuda() && device.has_index()) c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
}

PrecisionChoice choose_precision(PrecisionChoice wanted, const runtime::Device& device) {
  if (wanted != PrecisionChoice::fitting) return wanted;
  const bool native = device.kind == runtime::DeviceKind::cpu ? cpu::cpu_features().native_bf16()
                                                              : device.kind == runtime::DeviceKind::cuda;
  return native ? PrecisionChoice::bf16 : PrecisionChoice::fp32;
}

}  // namespace runner::lvm
