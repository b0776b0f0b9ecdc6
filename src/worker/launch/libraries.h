#pragma once
// Inside runtime/ only: what a job's plug-ins would load, what the policy makes of it, and what was really
// loaded.

#include <string>
#include <vector>

#include "base/json.h"
#include "openmp_scan/scan.h"
#include "openmp_scan/verdict/policy.h"
#include "worker/launch/launch.h"

namespace runner::runtime {

struct Prediction {
  ScanResult scan;  // of the plug-in that runs, or of all parts together
  Action action = Action::run;
  std::string second_pool;  // a pool that would compute beside libgomp in one process; "" for none
};

// Scans the job's plug-ins and asks the policy. Throws UsageError for an unknown policy, EnvironmentError for
// a missing plug-in or a refusal.
Prediction predict(const LaunchRequest& request, const Environment& environment);

// The first thread pool beside a libgomp in this set, as "OpenBLAS-pthread (PATH)"; "" when there is only one
// pool.
std::string second_pool(const ScanResult& scan);

// Worker, after dlopen: what is mapped, and how it differs from the scan of `plugin`; for the manifest.
struct Loaded {
  Json libraries;  // as the doctor gives it
  std::vector<std::string> differences;
  std::string openblas_core;  // "Haswell"
};
Loaded look_after_loading(const std::string& plugin);

}  // namespace runner::runtime
