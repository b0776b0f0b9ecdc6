#pragma once
// Ready windows carry their meaning: keys that say how windows are cut follow what the files tell.

#include <string>
#include <vector>

#include "config/binder.h"

namespace runner::jobs {

// `prefix`: "data", "val"; its keys context, target_offset and within_article. Where the files tell one, it
// takes the place of a default, the file's name as its origin; a value given otherwise is a problem. Files
// that are no ready windows change nothing. Throws DataError when the files contradict each other or
// themselves.
std::vector<config::Problem> take_over_windows(config::Binder& b, const std::string& prefix,
                                               const std::vector<std::string>& files);

}  // namespace runner::jobs
