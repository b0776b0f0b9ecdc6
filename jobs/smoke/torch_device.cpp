#include "jobs/smoke/torch_device.h"

#include <torch/torch.h>

#include <exception>

#include "base/log.h"

namespace runner::jobs {
namespace {

// "" when a small product on the device comes out right, else why not.
std::string probe(const runtime::Device& device) {
  try {
    if (device.kind == runtime::DeviceKind::mps && !at::hasMPS()) return "this libtorch has none";
    if (device.kind == runtime::DeviceKind::cuda && !torch::cuda::is_available()) {
      return "no CUDA device that this libtorch can use";
    }
    const torch::Tensor ones = torch::ones({8, 8}, torch::Device(runtime::to_string(device)));
    const auto sum = torch::matmul(ones, ones).sum().item<double>();
    return sum == 512.0 ? "" : fmt::format("a product of ones gave {} instead of 512", sum);
  } catch (const std::exception& error) {
    const std::string text = error.what();
    return text.substr(0, text.find('\n'));  // the rest is a stack trace
  }
}

}  // namespace

runtime::DeviceChoice choose_torch_device(const SmokeOptions& options) {
  const bool fallback = options.device_fallback.value_or(options.device == "auto");
  return runtime::choose_device(options.device, fallback, probe);
}

}  // namespace runner::jobs
