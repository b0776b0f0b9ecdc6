#pragma once
// A training run on several ranks: rank 0 is run_train itself, with every file; what the others do, and what
// both share, stands here.

#include <memory>
#include <optional>
#include <string>

#include "contract/job.h"
#include "contract/run_identity.h"
#include "jobs/train/inputs.h"
#include "jobs/train/options.h"
#include "jobs/train/set_up.h"
#include "ranks/session.h"

namespace runner::jobs {

// Which rank of a run this process is; nothing when it is alone. One rank alone has a group on CUDA only,
// where it was started as a rank.
std::optional<ranks::RankPlace> place_in_run(const TrainOptions& options);

// Ranks tell each other who they are, and connect. Null without a session. Throws UsageError naming who
// differs.
std::shared_ptr<ranks::Group> meet(ranks::Session* session, const TrainOptions& options,
                                   const Hardware& hardware, const RunIdentity& identity);

// What rank 0 has found in the run's folder, for the others to follow. Rank 0's word goes to all.
enum class Start { anew, resumed, finished };
Start agree_on_start(ranks::Group* group, Start start);
// Rank 0's weights, for all.
void share_weights(ranks::Group* group, lvm::TrainingStep& step);

// Ranks other than 0, from data to the end of training.
void run_member(const JobContext& context, const TrainOptions& options, ranks::Session& session);

}  // namespace runner::jobs
