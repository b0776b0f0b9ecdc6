#include "jobs/smoke/torch_part.h"

#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <exception>

#include "base/error.h"
#include "base/log.h"
#include "base/status.h"
#include "engines/device_probe.h"
#include "environment/device_choice.h"
#include "jobs/job_type.h"
#include "jobs/smoke/report.h"
#include "jobs/voice.h"
#include "models/torch_version.h"

namespace runner::jobs {
namespace {

constexpr int width = 768;
constexpr int batch = 32;

// One fixed batch: the loss must fall from step to step, so a wrong gradient shows.
TorchFindings train(const SmokeOptions& options, const torch::Device& device, bool json) {
  torch::manual_seed(1234);
  torch::nn::Linear model(width, width);
  const torch::Tensor input = torch::randn({batch, width}).to(device);
  const torch::Tensor target = torch::randn({batch, width}).to(device);
  model->to(device);
  torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(1e-3));
  double first = 0;
  double last = 0;
  for (std::int64_t step = 1; step <= options.steps; ++step) {
    optimizer.zero_grad();
    const torch::Tensor loss = torch::mse_loss(model->forward(input), target);
    loss.backward();
    optimizer.step();
    last = loss.item<double>();
    if (step == 1) first = last;
    std::fprintf(json ? stderr : stdout, "step %lld/%lld loss=%.6f\n", static_cast<long long>(step),
                 static_cast<long long>(options.steps), last);
    std::fflush(stdout);
    status::set_step(step);
    if (!std::isfinite(last))
      throw EnvironmentError(fmt::format("libtorch: the loss is {} at step {}", last, step));
  }
  if (options.steps > 1 && last >= first) {
    throw EnvironmentError(
        fmt::format("libtorch: the loss did not fall ({:.6f} at step 1, {:.6f} at step {}): "
                    "its BLAS or OpenMP computes wrongly; `runner doctor` shows what is loaded",
                    first, last, options.steps));
  }
  return {options.steps, first, last, lvm::torch_version(), ""};
}

}  // namespace

TorchFindings smoke_torch(const SmokeOptions& options, bool json) {
  status::set_phase("smoke: libtorch");
  try {
    const bool fallback = options.device_fallback.value_or(options.device == "auto");
    const runtime::DeviceChoice choice = runtime::choose_device(options.device, fallback, lvm::probe_device);
    tell_choice(choice);
    TorchFindings findings = train(options, torch::Device(runtime::to_string(choice.actual)), json);
    findings.device = runtime::to_string(choice.actual);
    return findings;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw EnvironmentError(fmt::format("libtorch failed: {}", error.what()));
  }
}

void run_smoke_torch(const JobContext& context, JobResult& result) {
  SmokeResult findings;
  findings.torch = smoke_torch(options_of<SmokeOptions>(context), context.json);
  finish_smoke(context, std::move(findings), result);
}

}  // namespace runner::jobs
