#pragma once

#include <string>

#include "contract/training_records.h"

namespace runner::lvm {

// The self-contained page: curves of the epochs' figures, beside those of the baselines.
std::string report_html(const TrainingHistory& history, const std::string& title);

}  // namespace runner::lvm
