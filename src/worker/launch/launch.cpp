#include "worker/launch/launch.h"

#include "base/error.h"
#include "base/printable.h"
#include "environment/address_space.h"
#include "environment/bootstrap.h"
#include "environment/native_features.h"
#include "openmp_scan/verdict/policy.h"
#include "worker/launch/launch_parts.h"
#include "worker/launch/libraries.h"
#include "worker/launch/paths.h"
#include "worker/launch/run_worker.h"

namespace runner::runtime {
namespace {

BootstrapFacts facts_of(const LaunchRequest& request, const Environment& environment,
                        const Prediction& prediction) {
  const CpuFacts cpu = cpu_facts(environment);
  BootstrapFacts facts;
  facts.share = thread_share(cpu);
  facts.device = request.device;
#ifdef __APPLE__
  facts.macos = true;
#endif
  // Jobs with a device compute with libtorch; the others build indexes in bounded memory, which has to go
  // back.
  facts.uses_torch = !request.device.empty();
  facts.second_pool = prediction.second_pool;
  facts.cpu_has_avx512 = cpu_has_avx512();
  return facts;
}

void log_decisions(const std::vector<Decision>& decisions) {
  for (const Decision& decision : decisions) {
    spdlog::debug("environment: {} {}={} ({})", to_string(decision.action), decision.name, decision.value,
                  decision.reason);
    if (!decision.warning.empty()) spdlog::warn("{}: {}", decision.name, decision.warning);
  }
}

}  // namespace

int launch_job(const LaunchRequest& request) {
  check_native_features();
  const Environment inherited = current_environment();
  const Prediction prediction = predict(request, inherited);
  const std::vector<Decision> decisions =
      decide_environment(inherited, {request.environment.threads, request.environment.keep},
                         facts_of(request, inherited, prediction));
  log_decisions(decisions);
  if (request.explain_env) say_error("{}", explain(decisions));

  WorkerPlan plan;
  plan.context = request.context;
  LaunchRecord& launch = plan.context.launch;
  launch.environment = to_json(decisions);
  launch.threads = decided_threads(decisions);
  launch.openmp = to_word(request.environment.openmp);
  launch.scan = to_json(prediction.scan);
  plan.options = request.environment;
  plan.environment = apply_decisions(inherited, decisions);
  plan.verbosity = request.verbosity;
  if (prediction.action == Action::separate) {
    if (!request.supervise) spdlog::warn("--no-supervise: a job in parts needs its launcher, which stays");
    if (!request.apart)
      spdlog::info("OpenMP: {}; environment.openmp: {} runs the parts in separate workers",
                   conflict_line(prediction.scan), to_word(request.environment.openmp));
    return run_parts(plan, request.parts, request.exchange_beside);
  }
  plan.plugin = plugin_file(request.plugin).string();
  check_address_space(prediction.scan.bytes, launch.threads);
  if (!request.supervise) become_worker(plan);
  return run_worker(plan);
}

}  // namespace runner::runtime
