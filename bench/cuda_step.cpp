// Training steps a second on a CUDA device: the graph step beside libtorch's autograd, in turns.
//
//   bench_cuda_step [--batch 32] [--precision bf16|fp32] [--steps 50] [--rounds 5] [--once]
//
// --once: one warm step of the graph, for a profiler.

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "engines/make_step.h"

namespace {

using namespace runner::lvm;

double seconds_of(TrainingStep& step, StepInput input, int steps) {
  torch::cuda::synchronize();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < steps; ++i, ++input.step) step.run(input);
  torch::cuda::synchronize();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / steps;
}

std::unique_ptr<TrainingStep> step_of(EngineChoice engine, bool bf16) {
  const auto model = make_model(model_sizes(ModelOptions(), 768), std::uint64_t{1});
  model->set_compute({false, bf16});
  model->to(torch::kCUDA);
  StepOptions options;
  options.loss.recipe = Recipe::p6b_v23;
  LossPhase phase;
  phase.rho = 0.2, phase.rho_cap = 0.35, phase.margin_gap = 0.03, phase.margin_ratio = 0.05;
  options.loss.phases = {phase};
  options.loss = complete(options.loss);
  return make_step(engine, model, options, 5, torch::kCUDA);
}

}  // namespace

int main(int argc, char** argv) {
  std::int64_t batch = 32;
  bool bf16 = true, once = false;
  int steps = 50, rounds = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i], next = i + 1 < argc ? argv[i + 1] : "";
    if (a == "--once") once = true;
    if (a == "--batch") batch = std::stoll(next);
    if (a == "--precision") bf16 = next == "bf16";
    if (a == "--steps") steps = std::stoi(next);
    if (a == "--rounds") rounds = std::stoi(next);
  }
  if (!torch::cuda::is_available()) {
    std::fprintf(stderr, "no CUDA device\n");
    return 1;
  }
  StepInput input;
  input.contexts = torch::randn({batch, 5, 768}, torch::kCUDA);
  input.targets = torch::randn({batch, 768}, torch::kCUDA);
  input.contexts /= input.contexts.norm(2, -1, true);
  input.targets /= input.targets.norm(2, -1, true);
  const auto graph = step_of(EngineChoice::fitting, bf16);
  seconds_of(*graph, input, 3);
  if (once) return 0;
  const auto plain = step_of(EngineChoice::plain, bf16);
  seconds_of(*plain, input, 3);
  std::vector<double> ours, theirs;
  for (int r = 0; r < rounds; ++r) {
    ours.push_back(seconds_of(*graph, input, steps));
    theirs.push_back(seconds_of(*plain, input, std::max(1, steps / 5)));
  }
  for (const auto& [name, times] : {std::pair("graph", &ours), std::pair("plain", &theirs)}) {
    std::sort(times->begin(), times->end());
    const double median = (*times)[times->size() / 2];
    std::printf("batch %lld %s %s: %.3f ms (%.3f to %.3f), %.0f samples/s\n", static_cast<long long>(batch),
                bf16 ? "bf16" : "fp32", name, 1e3 * median, 1e3 * times->front(), 1e3 * times->back(),
                static_cast<double>(batch) / median);
  }
  return 0;
}
