#pragma once
// The gates of 5CAT: what a model that has learnt the order of its articles reaches.

#include <optional>
#include <string>

#include "contract/eval_report.h"

namespace runner::lvm::five_cat {

// Of the splits that were given: a split that was not is not judged, and E, which compares the two, only with
// both. `rollout_key`: D's figure.
NamedList<TestGate> judge(const std::optional<SplitReport>& val, const std::optional<SplitReport>& ood,
                          const std::string& rollout_key, bool legacy);

bool all_passed(const NamedList<TestGate>& gates);

}  // namespace runner::lvm::five_cat
