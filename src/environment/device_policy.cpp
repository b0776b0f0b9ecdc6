#include "environment/device_policy.h"

#include <algorithm>

namespace runner::runtime {

const char* to_string(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::cpu:
      return "cpu";
    case DeviceKind::mps:
      return "mps";
    case DeviceKind::cuda:
      return "cuda";
  }
  return "cpu";
}

DevicePolicy device_policy(DeviceKind device, int parallelism, bool force_graph_path) {
  const int wanted = std::max(parallelism, 1);
  DevicePolicy policy;
  switch (device) {
    case DeviceKind::cpu:
      policy.module_threads = wanted;  // no limit of its own
      break;
    case DeviceKind::cuda:
      policy.processes = wanted;  // one process drives one device
      break;
    case DeviceKind::mps: {
      // With the graph path 3 threads passed, and 4 crashed: one above the limit is no margin to work in.
      static_cast<void>(force_graph_path);
      policy.module_threads = std::min(wanted, mps_module_threads);
      policy.processes = (wanted + mps_module_threads - 1) / mps_module_threads;
      policy.linear = LinearKernel::addmm;
      policy.initialise_on_main_thread = true;
      policy.one_submitting_thread = true;
      policy.held_against_cpu = true;
      break;
    }
  }
  return policy;
}

}  // namespace runner::runtime
