#include "engines/placement.h"

#include <algorithm>

#include "engines/canary.h"
#include "engines/device_probe.h"
#include "environment/device_policy.h"

namespace runner::lvm {
namespace {

constexpr std::int64_t most_rows = 256;

}  // namespace

Placement place(Model& model, const PlacementWish& wish) {
  const auto policy = runtime::device_policy(wish.device.kind, 1, false);
  const bool bf16 = wish.precision == PrecisionChoice::bf16;
  model.set_compute({policy.linear == runtime::LinearKernel::addmm, bf16});
  Placement placed{torch::Device(runtime::to_string(wish.device)), ""};
  make_current(placed.device);
  if (!policy.held_against_cpu) {
    model.to(placed.device);
    return placed;
  }
  const CanaryBatch batch = canary_batch(std::min(wish.rows, most_rows), wish.context, model.sizes().width);
  const LossOptions loss = wish.loss.value_or(complete({}));
  const auto results = [&] { return results_of(model, loss, wish.loss.has_value(), batch); };
  const BatchResults cpu = results();
  model.to(placed.device);
  placed.check = held_against_cpu(placed.device.str(), results(), cpu, canary_tolerance(bf16));
  return placed;
}

}  // namespace runner::lvm
