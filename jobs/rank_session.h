#pragma once
// What the jobs that ranks share out have in common: a rank's session, what must be the same on all ranks,
// and its device.

#include <torch/torch.h>

#include <functional>
#include <memory>
#include <string>

#include "base/json.h"
#include "engines/engine_choice.h"
#include "environment/device_choice.h"
#include "ranks/session.h"

namespace runner::jobs {

// Joins the other ranks, works, and leaves; when `work` throws, the others are told why.
void run_in_session(const ranks::RankPlace& place, double timeout,
                    const std::function<void(ranks::Session&)>& work);

// What decides the result, beside program and secret: paths left out.
struct RankIdentity {
  Json config, data;
  lvm::PrecisionChoice precision = lvm::PrecisionChoice::fp32;
  torch::Device device = torch::kCPU;
};
// Ranks tell each other who they are, and connect on `device`. Throws UsageError naming who differs.
std::shared_ptr<ranks::Group> meet(ranks::Session& session, const RankIdentity& identity,
                                   ranks::Wire wire = ranks::Wire::fp32);

// As choose_device; of several CUDA devices, none of them named, a rank takes that of its local rank.
runtime::DeviceChoice choose_rank_device(const std::string& wanted, bool fallback,
                                         const std::optional<ranks::RankPlace>& place);

}  // namespace runner::jobs
