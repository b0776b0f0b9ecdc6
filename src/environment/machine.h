#pragma once
// This machine as the doctor reports it: cores, BLAS, devices. Loads nothing into this process.

#include <string>
#include <vector>

#include "base/json.h"

namespace runner::runtime {

struct MachineReport {
  int cores = 0;     // of the machine
  int affinity = 0;  // that this process is bound to
  double quota = 0;  // cores that the cgroup allows; 0: no limit
  int threads = 0;   // that the launcher would give a worker
  std::string threads_reason;
  bool avx512 = false;
  std::string blas;                   // what libblas.so.3 leads to; "" when there is none
  std::string openblas_core;          // whose kernels it uses here; "" for another BLAS
  std::vector<std::string> devices;   // "cuda: driver and device files present", "cuda: no driver"
  std::vector<std::string> warnings;  // what is wrong, with its cost
};

MachineReport look_at_machine();
Json to_json(const MachineReport& machine);

}  // namespace runner::runtime
