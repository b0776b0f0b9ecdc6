#include "jobs/smoke/torch_part.h"

#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <exception>

#include "base/error.h"
#include "base/log.h"
#include "base/status.h"
#include "engines/canary.h"
#include "engines/device_probe.h"
#include "environment/device_choice.h"
#include "environment/device_policy.h"
#include "jobs/job_type.h"
#include "jobs/smoke/report.h"
#include "jobs/voice.h"
#include "models/linear.h"
#include "models/torch_version.h"

namespace runner::jobs {
namespace {

constexpr int width = 768;
constexpr int batch = 32;

// One fixed batch, and Linear(768, 768) multiplied as the device's policy asks.
struct SmallModel {
  torch::nn::Linear layer{width, width};
  torch::Tensor input = torch::randn({batch, width}), target = torch::randn({batch, width});
  lvm::Compute compute;

  torch::Tensor predict(const torch::Device& device) const {
    return lvm::linear(input.to(device), layer->weight, layer->bias, compute);
  }
  torch::Tensor loss(const torch::Tensor& prediction) const {
    return torch::mse_loss(prediction, target.to(prediction.device()));
  }
  lvm::BatchResults results(const torch::Device& device) const {
    const torch::Tensor prediction = predict(device), of_all = loss(prediction);
    const auto gradients = torch::autograd::grad({of_all}, layer->parameters());
    return {prediction.detach().cpu(),
            of_all.detach().cpu(),
            {{"weight", gradients[0].cpu()}, {"bias", gradients[1].cpu()}}};
  }
};

SmallModel placed(const runtime::Device& device) {
  torch::manual_seed(1234);
  SmallModel model;
  const torch::Device there(runtime::to_string(device));
  const auto policy = runtime::device_policy(device.kind, 1, false);
  model.compute.addmm = policy.linear == runtime::LinearKernel::addmm;
  lvm::BatchResults cpu;
  if (policy.held_against_cpu) cpu = model.results(torch::kCPU);
  model.layer->to(there);
  model.input = model.input.to(there);
  model.target = model.target.to(there);
  if (policy.held_against_cpu)
    spdlog::info("{}",
                 lvm::held_against_cpu(there.str(), model.results(there), cpu, lvm::canary_tolerance(false)));
  return model;
}

// The loss must fall from step to step, so a wrong gradient shows.
TorchFindings train(const SmokeOptions& options, const runtime::Device& device, bool json) {
  const SmallModel model = placed(device);
  const torch::Device there = model.input.device();
  torch::optim::Adam optimizer(model.layer->parameters(), torch::optim::AdamOptions(1e-3));
  double first = 0;
  double last = 0;
  for (std::int64_t step = 1; step <= options.steps; ++step) {
    optimizer.zero_grad();
    const torch::Tensor loss = model.loss(model.predict(there));
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
    TorchFindings findings = train(options, choice.actual, json);
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
