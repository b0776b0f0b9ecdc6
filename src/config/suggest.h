#pragma once

#include <string>
#include <vector>

namespace runner::config {

// The candidate closest to `word` within a third of its length, or "".
std::string closest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace runner::config
