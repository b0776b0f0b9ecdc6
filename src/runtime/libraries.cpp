#include "runtime/libraries.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::runtime {
namespace {

ScanResult scan_plugins(const std::vector<std::filesystem::path>& files, const Environment& environment) {
  ScanOptions options;
  options.environment = environment;
  options.executable = program_path();
  options.cpu_has_avx512 = cpu_has_avx512();
  return scan(files, options);
}

}  // namespace

std::string second_pool(const ScanResult& scan) {
  const Runtime* gomp = nullptr;
  for (const Runtime& runtime : scan.runtimes)
    if (runtime.kind == RuntimeKind::libgomp) gomp = &runtime;
  if (gomp == nullptr) return "";
  for (const BlasPool& blas : scan.blas)
    if (blas.threads == BlasThreads::pthread || blas.threads == BlasThreads::tbb)
      return fmt::format("{}-{} ({})", to_string(blas.kind), to_string(blas.threads), blas.path);
  for (const Runtime& runtime : scan.runtimes)
    if (&runtime != gomp) return fmt::format("{} ({})", to_string(runtime.kind), runtime.path);
  return "";
}

Prediction predict(const LaunchRequest& request, const Environment& environment) {
  const Policy policy = policy_from(request.environment.openmp);
  Prediction prediction;
  const auto file = plugin_file(request.plugin);
  prediction.scan = scan_plugins({file}, environment);
  Verdict inside = prediction.scan.verdict;
  if (!request.parts.empty()) {
    inside = Verdict::none;
    for (const Part& part : request.parts)
      inside = std::max(inside, scan_plugins({plugin_file(part.plugin)}, environment).verdict);
  }
  prediction.action = decide(policy, inside, prediction.scan.verdict, prediction.scan.from_preload);
  prediction.second_pool = second_pool(prediction.scan);
  for (const std::string& problem : prediction.scan.problems) spdlog::debug("scan: {}", problem);
  const std::string conflict = conflict_line(prediction.scan);
  if (prediction.action == Action::refuse) {
    for (const std::string& advice : prediction.scan.advice) spdlog::error("{}", advice);
    throw EnvironmentError(
        "environment.openmp: " + request.environment.openmp +
            " does not let this process start: " + conflict +
            (policy == Policy::forbid ? "; isolate or allow would run it" : "; allow would run it"),
        file.string());
  }
  if (prediction.action == Action::warn) {
    spdlog::warn("OpenMP: {}", conflict);
    for (const std::string& advice : prediction.scan.advice) spdlog::warn("{}", advice);
  }
  return prediction;
}

Loaded look_after_loading(const std::string& plugin) {
  Loaded loaded;
  const ScanResult predicted = scan_plugins({plugin}, current_environment());
  const ScanResult found = scan_loaded();
  loaded.libraries = to_json(found);
  loaded.differences = differences(predicted, found);
  loaded.openblas_core = loaded_openblas_core();
  return loaded;
}

}  // namespace runner::runtime
