#include "environment/cpu_limits.h"

#include <algorithm>
#include <charconv>
#include <thread>
#include <vector>

#include "base/log.h"
#include "environment/cgroup.h"

#ifdef __linux__
#include <sched.h>
#else
#include <sys/sysctl.h>
#endif

namespace runner::runtime {
namespace {

// The leading number: Slurm writes "4(x2)" for four tasks on each of two nodes. 0 when there is none.
int leading_number(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  if (found == environment.end()) return 0;
  int number = 0;
  const std::string& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::max(number, 0);
}

}  // namespace

int machine_cores() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int affinity_cores() {
#ifdef __linux__
  // The kernel refuses a mask shorter than its own: machines with more than 1024 CPUs need a larger one.
  for (int capacity = 1024; capacity <= 1 << 18; capacity *= 2) {
    cpu_set_t* mask = CPU_ALLOC(capacity);
    const std::size_t size = CPU_ALLOC_SIZE(capacity);
    CPU_ZERO_S(size, mask);
    const bool known = ::sched_getaffinity(0, size, mask) == 0;
    const int count = known ? CPU_COUNT_S(size, mask) : 0;
    CPU_FREE(mask);
    if (count > 0) return count;
  }
#else
  // Equal shares of a parallel region wait for the slowest core, so efficiency cores only hold it up.
  int count = 0;
  std::size_t size = sizeof count;
  if (::sysctlbyname("hw.perflevel0.logicalcpu", &count, &size, nullptr, 0) == 0 && count > 0) return count;
#endif
  return machine_cores();
}

LocalRanks local_ranks(const Environment& environment) {
  struct Variable {
    const char* name;
    bool may_bind;
  };
  // torchrun first: it can itself be started by Slurm, once a machine. The step's variables of Slurm go
  // before the job's.
  static constexpr Variable variables[] = {
      {"LOCAL_WORLD_SIZE", false},         {"OMPI_COMM_WORLD_LOCAL_SIZE", true},
      {"MPI_LOCALNRANKS", true},           {"MV2_COMM_WORLD_LOCAL_SIZE", true},
      {"SLURM_STEP_TASKS_PER_NODE", true}, {"SLURM_NTASKS_PER_NODE", true},
      {"SLURM_TASKS_PER_NODE", true}};
  LocalRanks ranks;
  // Without SLURM_PROCID the process runs in the batch script itself: its tasks are still to be started.
  const bool slurm_task = environment.contains("SLURM_PROCID");
  for (const auto& [name, may_bind] : variables) {
    if (std::string(name).starts_with("SLURM_") && !slurm_task) continue;
    const int count = leading_number(environment, name);
    if (count == 0) continue;
    ranks = {count, name, may_bind, 0};
    break;
  }
  if (ranks.source.starts_with("SLURM_"))
    ranks.cores_per_rank = leading_number(environment, "SLURM_CPUS_PER_TASK");
  return ranks;
}

CpuFacts cpu_facts(const Environment& environment) {
  return {machine_cores(), affinity_cores(), cgroup_cores(), local_ranks(environment)};
}

ThreadShare thread_share(const CpuFacts& facts) {
  const LocalRanks& ranks = facts.ranks;
  // Slurm and MPI bind each rank to cores of its own: then the mask is already this rank's share.
  const bool bound = ranks.may_bind && ranks.count > 1 && facts.affinity * ranks.count <= facts.machine;
  double cores = facts.affinity;
  if (!bound) cores /= ranks.count;
  if (ranks.cores_per_rank > 0) cores = std::min<double>(facts.affinity, ranks.cores_per_rank);
  // A quota is the container's, which all its ranks share.
  if (facts.quota) cores = std::min(cores, *facts.quota / ranks.count);

  std::vector<std::string> parts = {
      facts.affinity < facts.machine
          ? fmt::format("{} of {} cores by affinity", facts.affinity, facts.machine)
          : fmt::format("{} core{}", facts.machine, facts.machine == 1 ? "" : "s")};
  if (facts.quota) parts.push_back(fmt::format("cgroup quota {:.4g}", *facts.quota));
  if (ranks.count > 1)
    parts.push_back(
        fmt::format("{} ranks here ({}){}", ranks.count, ranks.source, bound ? ", each bound" : ""));
  if (ranks.cores_per_rank > 0) parts.push_back(fmt::format("SLURM_CPUS_PER_TASK {}", ranks.cores_per_rank));
  constexpr double rounding = 1e-6;  // 3 * (1/3)
  return {std::max(1, static_cast<int>(cores + rounding)), fmt::format("{}", fmt::join(parts, ", "))};
}

}  // namespace runner::runtime
