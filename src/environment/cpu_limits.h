#pragma once
// How many cores this process may compute on: affinity, cgroup quotas, and the ranks that share the machine.

#include <map>
#include <optional>
#include <string>

namespace runner::runtime {

using Environment = std::map<std::string, std::string>;

// Cores in this process's affinity mask (macOS: the performance cores), and those of the whole machine.
int affinity_cores();
int machine_cores();

// Ranks that share this machine, from what torchrun, Slurm or MPI say.
struct LocalRanks {
  int count = 1;
  std::string source;      // the variable that says so; "" when none does
  bool may_bind = false;   // the starter usually gives each rank its own cores (Slurm, MPI; not torchrun)
  int cores_per_rank = 0;  // SLURM_CPUS_PER_TASK; 0: not said
};
LocalRanks local_ranks(const Environment& environment);

struct CpuFacts {
  int machine = 1;   // cores of the machine
  int affinity = 1;  // of those, the ones this process is bound to
  std::optional<double> quota;
  LocalRanks ranks;
};
CpuFacts cpu_facts(const Environment& environment);

// `reason` reads like "2 of 16 cores by affinity, cgroup quota 1.5, 2 ranks (LOCAL_WORLD_SIZE)".
struct ThreadShare {
  int threads = 1;
  std::string reason;
};
// A quota is rounded down (at least 1): a thread too many is throttled in the middle of a parallel region,
// and all the others wait for it.
ThreadShare thread_share(const CpuFacts& facts);

}  // namespace runner::runtime
