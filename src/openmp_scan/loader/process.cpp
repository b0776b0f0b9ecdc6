#include "openmp_scan/loader/process.h"

#include "openmp_scan/loader/mapped.h"

namespace runner::runtime {

ScanResult scan_process(pid_t pid) {
  return scan_view(look_at(pid));
}

Environment relevant(const Environment& environment) {
  Environment chosen;
  for (const auto& [name, value] : environment)
    for (const char* prefix : {"OMP_", "KMP_", "GOMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "VECLIB_",
                               "NUMBA_", "LD_", "DYLD_", "PYTORCH_", "MPS_", "CUDA_VISIBLE", "RUNNER_"})
      if (name.starts_with(prefix)) chosen.emplace(name, value);
  return chosen;
}

ScanResult scan_view(const ProcessView& view) {
  ScanOptions options;
  options.environment = view.environment;
  options.cpu_has_avx512 = cpu_has_avx512();
  options.under_bootstrap = false;
  std::vector<std::string> paths = view.mapped;
  paths.insert(paths.end(), view.gone.begin(), view.gone.end());
  ScanResult result = scan_mapped(paths, options);
  result.members = {view.command};
  for (const std::string& path : view.gone)
    result.problems.push_back(path + ": deleted or replaced since it was loaded; known by its name only");
  result.problems.insert(result.problems.end(), view.remarks.begin(), view.remarks.end());
  return result;
}

}  // namespace runner::runtime
