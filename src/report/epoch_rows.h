#pragma once
// A training run's epochs as rows under a heading, at most 100 columns wide.

#include <string>

#include "contract/training_records.h"

namespace runner::report {

std::string epoch_heading(std::size_t width);
// `best`: it is the best one so far, and marked.
std::string epoch_row(const EpochRecord& epoch, bool best, std::size_t width);

}  // namespace runner::report
