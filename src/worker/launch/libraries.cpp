#include "worker/launch/libraries.h"

#include "base/error.h"
#include "base/log.h"
#include "openmp_scan/loader/loaded.h"
#include "openmp_scan/verdict/policy.h"
#include "worker/launch/paths.h"

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
  const Policy policy = request.environment.openmp;
  Prediction prediction;
  const auto file = plugin_file(request.plugin);
  prediction.scan = scan_plugins({file}, environment);
  std::vector<ScanResult> parts;
  for (const Part& part : request.parts) {
    parts.push_back(scan_plugins({plugin_file(part.plugin)}, environment));
    if (request.apart && parts.back().verdict > prediction.scan.verdict) prediction.scan = parts.back();
  }
  Verdict inside = parts.empty() ? prediction.scan.verdict : Verdict::none;
  for (const ScanResult& part : parts) inside = std::max(inside, part.verdict);
  prediction.action = decide(policy, inside, prediction.scan.verdict, prediction.scan.from_preload);
  if (request.apart && prediction.action != Action::refuse) prediction.action = Action::separate;
  if (prediction.action != Action::separate) parts = {prediction.scan};
  for (const ScanResult& process : parts)
    if (prediction.second_pool.empty()) prediction.second_pool = second_pool(process);
  for (const std::string& problem : prediction.scan.problems) spdlog::debug("scan: {}", problem);
  const std::string conflict = conflict_line(prediction.scan);
  if (prediction.action == Action::refuse) {
    for (const std::string& advice : prediction.scan.advice) spdlog::error("{}", advice);
    throw EnvironmentError(
        "environment.openmp: " + to_word(policy) + " does not let this process start: " + conflict +
            (policy == Policy::forbid ? "; isolate or allow would run it" : "; allow would run it"),
        file.string());
  }
  for (const ScanResult& process : parts) {  // also what separate workers do not cure
    if (process.verdict <= Verdict::one) continue;
    spdlog::warn("OpenMP: {}", conflict_line(process));
    for (const std::string& advice : process.advice) spdlog::warn("{}", advice);
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
