#pragma once
// The gates of 5CAT: what a model that has learnt the order of its articles reaches.

#include <string>
#include <vector>

#include "base/json.h"

namespace runner::lvm::cat {

struct Gate {
  std::string test;   // "A" … "E"
  std::string name;   // "VAL A:margin", "E:normal VAL-OOD"
  Json value;         // number, or null when there is none
  std::string limit;  // ">= 0.12"
  bool passed = false;
  std::string reason;  // why a gate without a value fails
};

// VAL's and OOD's figures from run(); an empty object for a split that was not given: its gates are not
// judged, and E, which compares the two, only with both.
std::vector<Gate> judge(const Json& val, const Json& ood, const std::string& rollout_key, bool legacy);

bool all_passed(const std::vector<Gate>& gates);
// {"VAL A:margin": {"value", "limit", "passed", "reason"?}, …}
Json to_json(const std::vector<Gate>& gates);

}  // namespace runner::lvm::cat
