#include "ranks/rank_place.h"

#include <charconv>
#include <cstdint>

#include "base/error.h"
#include "base/log.h"
#include "ranks/address.h"

namespace runner::ranks {
namespace {

constexpr int usual_port = 29500;                 // c10d's own default
constexpr int first_port = 15000, ports = 15000;  // below those that systems give out by themselves

class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}

  bool has(const std::string& name) const { return !text(name).empty(); }
  std::string text(const std::string& name) const {
    const auto found = environment_.find(name);
    return found == environment_.end() ? "" : found->second;
  }
  // The whole number from 0 that `name` holds; it must be there.
  int number(const std::string& name) const {
    const std::string value = text(name);
    int number = -1;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < 0)
      throw UsageError("expected a whole number, got '" + value + "'", name);
    return number;
  }
  int number_or(const std::string& name, int other) const { return has(name) ? number(name) : other; }

 private:
  const Environment& environment_;
};

struct Names {
  const char *source, *rank, *size, *local_rank, *local_size;
};
constexpr Names torchrun{"torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"};
constexpr Names open_mpi{"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                         "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"};
constexpr Names slurm{"Slurm", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", ""};
constexpr Names pmi{"PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"};

// In a batch script the variables of the job's first task are set too, though its tasks are still to be
// started.
bool is_batch_script(const Variables& v) {
  return v.has("SLURM_JOB_ID") && !v.has("SLURM_STEP_ID") && !v.has("SLURM_STEPID");
}

// Rank and size by one starter's names; nothing when none of the two is there.
std::optional<RankPlace> place_by(const Names& names, const Variables& v) {
  const bool step = std::string(names.source) == slurm.source && v.has("SLURM_STEP_NUM_TASKS");
  const std::string size_name = step ? "SLURM_STEP_NUM_TASKS" : names.size;
  if (!v.has(names.rank) && !v.has(size_name)) return std::nullopt;
  for (const std::string& name : {std::string(names.rank), size_name})
    if (!v.has(name))
      throw UsageError(fmt::format("is not set, though {} is: {} sets both",
                                   name == names.rank ? size_name : names.rank, names.source),
                       name);
  RankPlace place;
  place.source = names.source;
  place.rank = v.number(names.rank);
  place.size = v.number(size_name);
  if (place.rank >= place.size)
    throw UsageError(fmt::format("{} is no rank of {}={}", place.rank, size_name, place.size), names.rank);
  place.local_rank = v.number_or(names.local_rank, -1);
  if (place.local_rank > place.rank)
    throw UsageError(fmt::format("{} is above {}={}", place.local_rank, names.rank, place.rank),
                     names.local_rank);
  return place;
}

void must_agree(const RankPlace& a, const RankPlace& b) {
  if (a.size == b.size && a.rank == b.rank) return;
  throw UsageError(fmt::format("{} says rank {} of {}, {} rank {} of {}: unset the variables of one",
                               a.source, a.rank, a.size, b.source, b.rank, b.size),
                   "ranks");
}

// The same number for all ranks of a job, another one for most other jobs.
int port_from(const std::string& job) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const unsigned char c : job) hash = (hash ^ c) * 16777619u;
  return first_port + static_cast<int>(hash % ports);
}

void place_store(const Variables& v, RankPlace& place) {
  const bool from_torchrun = place.source == torchrun.source;
  place.address = v.text("MASTER_ADDR");
  place.port = v.number_or("MASTER_PORT", 0);
  if (place.port > 65535) throw UsageError("is no port: " + v.text("MASTER_PORT"), "MASTER_PORT");
  if (place.size == 1) {  // nobody else comes: no port that its starter, or another run, may have
    place.address = "127.0.0.1";
    place.port = 0;
    return;
  }
  if (from_torchrun) {
    for (const char* name : {"MASTER_ADDR", "MASTER_PORT"})
      if (!v.has(name)) throw UsageError("is not set, though RANK and WORLD_SIZE are", name);
    // torchrun may keep a store of its own on that port, in the words of its own version.
    if (v.text("TORCHELASTIC_USE_AGENT_STORE") == "True") place.port = place.port % 65535 + 1;
    return;
  }
  if (place.source == slurm.source) {
    const bool step = v.has("SLURM_STEP_NODELIST");
    const std::string list = step                          ? "SLURM_STEP_NODELIST"
                             : v.has("SLURM_JOB_NODELIST") ? "SLURM_JOB_NODELIST"
                                                           : "SLURM_NODELIST";
    const bool one = v.number_or(step ? "SLURM_STEP_NUM_NODES" : "SLURM_JOB_NUM_NODES", 0) == 1;
    if (place.address.empty() && !v.has(list))
      throw UsageError("is not set, nor is MASTER_ADDR: where is rank 0?", "SLURM_JOB_NODELIST");
    if (place.address.empty()) place.address = one ? "127.0.0.1" : first_host(v.text(list));
    if (place.port == 0) place.port = port_from(v.text("SLURM_JOB_ID") + "." + v.text("SLURM_STEP_ID"));
    return;
  }
  const Names& names = place.source == open_mpi.source ? open_mpi : pmi;
  if (place.address.empty() && v.number_or(names.local_size, 0) == place.size) place.address = "127.0.0.1";
  if (place.address.empty())
    throw UsageError(
        "is not set: ranks on several machines must be told rank 0's (mpirun -x MASTER_ADDR=HOST)",
        "MASTER_ADDR");
  const std::string job = v.text("PMIX_NAMESPACE") + v.text("OMPI_MCA_ess_base_jobid");
  if (place.port == 0) place.port = job.empty() ? usual_port : port_from(job);
}

}  // namespace

std::optional<RankPlace> rank_place(const Environment& environment) {
  const Variables v(environment);
  const auto by_open_mpi = place_by(open_mpi, v);
  const auto by_slurm = is_batch_script(v) ? std::nullopt : place_by(slurm, v);
  const auto by_pmi = place_by(pmi, v);
  std::optional<RankPlace> place = by_open_mpi ? by_open_mpi : by_slurm ? by_slurm : by_pmi;
  if (!by_open_mpi && by_slurm && by_pmi) must_agree(*by_slurm, *by_pmi);
  // Scripts for Slurm and MPI like to export WORLD_SIZE alone.
  if (v.has("RANK") || !place) {
    if (const auto by_torchrun = place_by(torchrun, v)) {
      const bool nested = v.has("TORCHELASTIC_RUN_ID") || v.has(starter_variable);
      if (place && !nested && place->size > 1) must_agree(*by_torchrun, *place);
      place = by_torchrun;
    }
  } else if (v.has("WORLD_SIZE") && v.number("WORLD_SIZE") != place->size) {
    throw UsageError(fmt::format("{} contradicts {}, which has started {} ranks", v.text("WORLD_SIZE"),
                                 place->source, place->size),
                     "WORLD_SIZE");
  }
  if (!place) return std::nullopt;
  place_store(v, *place);
  if (v.has(starter_variable)) place->source = "--nproc";
  const bool one_machine = place->address == "127.0.0.1" || place->address == "localhost";
  if (place->local_rank < 0) place->local_rank = one_machine ? place->rank : 0;
  return place;
}

std::string first_host(const std::string& list) {
  std::string host;
  for (std::size_t i = 0; i < list.size() && list[i] != ','; ++i) {
    if (list[i] != '[') {
      host += list[i];
      continue;
    }
    const std::size_t close = list.find(']', i), end = list.find_first_of(",-]", i);
    if (close == std::string::npos || end == i + 1)
      throw UsageError("is no list of nodes: " + list, "SLURM_JOB_NODELIST");
    host += list.substr(i + 1, end - i - 1);
    i = close;
  }
  if (host.empty() || host.find(']') != std::string::npos)
    throw UsageError("is no list of nodes: " + list, "SLURM_JOB_NODELIST");
  return host;
}

std::string name_of(const RankPlace& place) {
  return fmt::format("rank {} on {}", place.rank, host_name());
}

bool started_by_nproc(const Environment& environment, int parent) {
  const auto found = environment.find(starter_variable);
  return found != environment.end() && found->second == std::to_string(parent);
}

}  // namespace runner::ranks
