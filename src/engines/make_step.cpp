#include "engines/make_step.h"

#include "base/error.h"
#include "base/log.h"
#include "engines/cpu/fused_step.h"
#include "engines/cpu/model_weights.h"
#include "engines/libtorch/libtorch_step.h"
#ifdef RUNNER_CUDA
#include "engines/cuda/graph_step.h"
#endif

namespace runner::lvm {

std::unique_ptr<TrainingStep> make_step(EngineChoice engine, std::shared_ptr<Model> model,
                                        const StepOptions& options, std::int64_t context,
                                        const torch::Device& device) {
  if (engine == EngineChoice::plain) return make_plain_step(std::move(model), options);
#ifdef RUNNER_CUDA
  if (device.is_cuda()) return cuda::make_graph_step(std::move(model), options);
#endif
  const std::string misfit = engine_misfit(*model, device);
  if (misfit.empty()) return make_fused_step(std::move(model), options, context, device);
  if (engine == EngineChoice::fused)
    throw UsageError("the fused engine cannot train this: " + misfit, "train.engine");
  spdlog::debug("plain engine: {}", misfit);
  return make_plain_step(std::move(model), options);
}

}  // namespace runner::lvm
