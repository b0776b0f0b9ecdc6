#pragma once
// What is meant by a word that is nearly right.

#include <string>
#include <vector>

#include "config/binder.h"

namespace runner::config {

// The candidate closest to `word` within a third of its length, or "".
std::string closest(const std::string& word, const std::vector<std::string>& candidates);

// The key that is meant by `word`, which is none: without its groups ("epochs"), with '-' for '_', by the
// name that another tool has for it, or nearly right. "" when none is near.
std::string closest_key(const std::string& word, const Binder& binder);
// The same, but for nearly right: no guess.
std::string named_key(const std::string& word, const Binder& binder);

}  // namespace runner::config
