#pragma once
// A configuration that is read before all of its inputs are made.

#include <functional>
#include <string>
#include <vector>

#include "config/resolve.h"

namespace runner::config {

// Whether a file or folder that may not be there yet will be, once the job runs.
using WillBeThere = std::function<bool(const std::string& path)>;

// As resolve() does, but for input files that `will_be_there`: nothing is asked of them.
std::vector<Problem> resolve_planned(Binder& binder, const std::string& text, const std::string& file,
                                     const std::vector<Override>& overrides, const std::string& shipped,
                                     const WillBeThere& will_be_there);

}  // namespace runner::config
