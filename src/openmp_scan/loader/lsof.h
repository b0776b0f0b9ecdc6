#pragma once
// lsof's output for programs (-F fn): one field a line, its first letter says which.

#include <string>
#include <vector>

namespace runner::runtime {

// The files that are mapped as program text ("ftxt" followed by "nPATH").
std::vector<std::string> mapped_from_lsof(const std::string& output);

}  // namespace runner::runtime
