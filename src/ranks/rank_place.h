#pragma once
// Who this process is among the ranks of a run: what torchrun, Slurm, MPI or `runner train --nproc` have put
// into its environment. A pure function of it.

#include <optional>
#include <string>

#include "environment/cpu_limits.h"

namespace runner::ranks {

using runtime::Environment;

struct RankPlace {
  int rank = 0, size = 1;
  int local_rank = 0;   // among the ranks of this machine
  std::string address;  // name or address of rank 0's machine, where its store listens
  int port = 0;         // of the store; 0: any that is free
  std::string source;   // who has started the ranks: "torchrun", "Slurm", "Open MPI", "PMI", "--nproc"
  bool leads() const { return rank == 0; }
};

// Nothing when nobody started this process as a rank. Throws UsageError naming the variables where they are
// partial, are no numbers or contradict each other.
//
// torchrun:  RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT; goes before the others, inside which it
// may run Open MPI:  OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK, _LOCAL_SIZE Slurm:     SLURM_PROCID,
// SLURM_NTASKS, SLURM_LOCALID, the first host of SLURM_JOB_NODELIST; of a step, not of
//            the batch script
// PMI:       PMI_RANK, PMI_SIZE, MPI_LOCALRANKID, MPI_LOCALNRANKS
// MASTER_ADDR and MASTER_PORT hold for all of them. Without a port the job's number makes one.
std::optional<RankPlace> rank_place(const Environment& environment);

// "node7" of "node[7-9,12],other3". Throws UsageError for what is no list of Slurm's.
std::string first_host(const std::string& node_list);

// What `runner train --nproc` gives its ranks beside torchrun's variables: its process, so that only its own
// children take the variables for its own, and rank 0's listening socket.
inline constexpr const char* starter_variable = "RUNNER_RANKS_OF";
inline constexpr const char* socket_variable = "RUNNER_RANK_SOCKET";
// `parent`: the process that started this one.
bool started_by_nproc(const Environment& environment, int parent);

// "rank 1 on HOST": as it names itself.
std::string name_of(const RankPlace& place);

}  // namespace runner::ranks
