#pragma once
// Inside config/ only: a dotted key in its parts.

#include <string>
#include <vector>

namespace runner::config::detail {

// "train.batch_size": {"train", "batch_size"}.
inline std::vector<std::string> split_key(const std::string& key) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (std::size_t dot; (dot = key.find('.', at)) != std::string::npos; at = dot + 1)
    parts.push_back(key.substr(at, dot - at));
  parts.push_back(key.substr(at));
  return parts;
}

}  // namespace runner::config::detail
