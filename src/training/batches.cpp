#include "training/batches.h"

#include <algorithm>

#include "base/log.h"

namespace runner::lvm {
namespace {

constexpr std::int64_t read_at_once = 4096;                                 // samples
constexpr std::int64_t cuda_limit = std::int64_t{16} * 1024 * 1024 * 1024;  // bytes of samples on a device

}  // namespace

std::int64_t resident_limit(const torch::Device& device) {
  return device.is_cuda() ? cuda_limit : 0;
}

Batches::Batches(std::shared_ptr<const data::SampleSource> samples, const std::vector<std::int64_t>& ids,
                 bool normalize, torch::Device device, std::int64_t resident_bytes)
    : samples_(std::move(samples)), ids_(&ids), normalize_(normalize), device_(device) {
  const auto count = static_cast<std::int64_t>(ids.size());
  const std::int64_t steps = samples_->context(), width = samples_->width();
  const std::int64_t bytes = count * (steps + 1) * width * static_cast<std::int64_t>(sizeof(float));
  if (count == 0 || bytes > resident_bytes) return;
  contexts_ = torch::empty({count, steps, width}, device_);
  targets_ = torch::empty({count, width}, device_);
  for (std::int64_t first = 0; first < count; first += read_at_once) {
    const std::int64_t n = std::min(read_at_once, count - first);
    const Batch part = gather_batch(*samples_, ids.data() + first, n, normalize_, torch::kCPU);
    contexts_.narrow(0, first, n).copy_(part.contexts);
    targets_.narrow(0, first, n).copy_(part.targets);
  }
  spdlog::debug("{} samples kept on {}: {} MB", count, device_.str(), bytes / 1000000);
}

Batch Batches::take(const std::int64_t* places, std::int64_t count) const {
  if (resident()) {
    const torch::Tensor index =
        torch::from_blob(const_cast<std::int64_t*>(places), {count}, torch::kInt64).to(device_);
    return {contexts_.index_select(0, index), targets_.index_select(0, index)};
  }
  std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    ids[static_cast<std::size_t>(i)] = (*ids_)[static_cast<std::size_t>(places[i])];
  return gather_batch(*samples_, ids.data(), count, normalize_, torch::kCPU);
}

}  // namespace runner::lvm
