#include "environment/machine.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <filesystem>

#include "environment/cpu_limits.h"
#include "environment/openblas_probe.h"
#include "openmp_scan/loader/ld_cache.h"
#include "openmp_scan/scan.h"
#include "openmp_scan/verdict/verdict.h"

namespace runner::runtime {

namespace fs = std::filesystem;

namespace {

void look_at_blas(MachineReport& machine) {
#ifdef __APPLE__
  machine.blas = "Accelerate, the system's own";
  return;
#endif
#if defined(__aarch64__)
  const std::string arch = "aarch64";
#else
  const std::string arch = "x86_64";
#endif
  const LdCache cache = LdCache::read("/etc/ld.so.cache", arch);
  const std::string* path = cache.find("libblas.so.3");
  if (path == nullptr) return;
  std::error_code error;
  machine.blas = fs::canonical(*path, error).string();
  const ScanResult result = scan({*path}, {});
  for (const BlasPool& pool : result.blas) {
    if (pool.kind != BlasKind::openblas) continue;
    machine.openblas_core = probe_openblas_core(pool.path);
    if (const std::string warning = judge_openblas_core(machine.openblas_core, machine.avx512);
        !warning.empty())
      machine.warnings.push_back(warning);
    if (pool.threads == BlasThreads::pthread)
      machine.warnings.push_back(
          "the system's BLAS is OpenBLAS with threads of its own: beside libgomp 2 to 3 times slower. fix: "
          "`sudo "
          "apt-get install libopenblas0-openmp`");
  }
}

void look_at_devices(MachineReport& machine) {
#ifdef __APPLE__
#if defined(__arm64__)
  machine.devices.push_back("mps: Apple silicon; whether it works, `runner smoke --device mps` tells");
#else
  machine.devices.push_back("mps: no Apple silicon");
#endif
#else
  std::error_code error;
  const bool driver = fs::exists("/proc/driver/nvidia/version", error),
             device = fs::exists("/dev/nvidia0", error);
  machine.devices.push_back(driver && device ? "cuda: driver and device found"
                            : driver         ? "cuda: a driver, but no device (/dev/nvidia0) in reach"
                                             : "cuda: no driver");
#endif
}

}  // namespace

MachineReport look_at_machine() {
  MachineReport machine;
  const CpuFacts facts = cpu_facts(current_environment());
  machine.cores = facts.machine;
  machine.affinity = facts.affinity;
  machine.quota = facts.quota.value_or(0);
  const ThreadShare share = thread_share(facts);
  machine.threads = share.threads;
  machine.threads_reason = share.reason;
  machine.avx512 = cpu_has_avx512();
  look_at_blas(machine);
  look_at_devices(machine);
  return machine;
}

Json to_json(const MachineReport& machine) {
  return {{"cores", machine.cores},
          {"affinity", machine.affinity},
          {"cgroup_cores", machine.quota > 0 ? Json(machine.quota) : Json()},
          {"threads", machine.threads},
          {"threads_reason", machine.threads_reason},
          {"avx512", machine.avx512},
          {"blas", machine.blas},
          {"openblas_core", machine.openblas_core},
          {"devices", machine.devices},
          {"warnings", machine.warnings}};
}

}  // namespace runner::runtime
