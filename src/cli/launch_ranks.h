#pragma once
// Ranks, as far as the launcher has to do with them: `--nproc N` starts N launchers like this one on this
// machine, each with a worker, and looks after them as torchrun would.

#include <optional>
#include <string>
#include <vector>

#include "cli/job_flags.h"
#include "ranks/rank_place.h"

namespace runner::cli {

struct RanksWanted {
  std::optional<ranks::RankPlace> place;  // this process is one of them
  int start = 0;                          // so many are to be started here
  bool follows() const { return place && !place->leads(); }
};
// For a job that ranks share and that is not only planned; nothing for anything else. Throws UsageError when
// the environment contradicts itself or --nproc.
RanksWanted ranks_wanted(const jobs::JobType& type, const JobCommandLine& line);

struct RanksLaunch {
  int count = 1;
  std::vector<std::string> arguments;  // of each rank's `runner`
  bool checkpoints = false;            // the job goes on from its last one, with --resume
  bool resumes = false;                // they say --resume already
  bool json = false;
  std::int64_t restarts = 0;  // of all ranks, from the last checkpoint, when one has died
  double rank_timeout = 60;
};
// Runs them to their end; the exit code: of the first that died or failed. When one ends early, the others
// have some seconds to notice and say so.
int launch_ranks(const RanksLaunch& launch);

}  // namespace runner::cli
