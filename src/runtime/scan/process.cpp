#include "runtime/scan/process.h"

#include "runtime/scan/mapped.h"

namespace runner::runtime {

ScanResult scan_process(pid_t pid) {
  const ProcessView view = look_at(pid);
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
