#include "lvm/make_step.h"

#include "base/error.h"
#if __has_include("lvm/cpu/fused_step.h")
#include "lvm/cpu/fused_step.h"
#endif

namespace runner::lvm {

std::unique_ptr<TrainingStep> make_step(const std::string& engine, std::shared_ptr<Model> model,
                                        const StepOptions& options, [[maybe_unused]] std::int64_t context,
                                        [[maybe_unused]] const torch::Device& device) {
  if (engine == "fused")
    throw UsageError("the fused engine does not fit this model or device", "train.engine");
  return make_plain_step(std::move(model), options);
}

}  // namespace runner::lvm
