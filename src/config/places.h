#pragma once
// Where a value stands in a file, for a message about what only its reader knows.

#include <string>
#include <vector>

namespace runner::config {

// "x.yaml:12:9" of the key's value, or of each in its list; `key`: "steps[2].after". Empty when it is not
// there.
std::vector<std::string> places_of(const std::string& text, const std::string& file, const std::string& key);

}  // namespace runner::config
