#pragma once
// The flag that is meant by one that is not there.

#include <string>

#include "cli/help/described.h"
#include "config/binder.h"

namespace runner::cli {

// "--epochs" for --epoch, --Epochs or -epochs; "--lr" for --learning-rate and --lr_rate; "--set
// model.dropout=…" for --dropout, a key without a flag. "" when nothing is near. `binder`: the job's keys, or
// nullptr.
std::string suggest_flag(const std::string& flag, const DescribedCommand& command,
                         const config::Binder* binder);

}  // namespace runner::cli
