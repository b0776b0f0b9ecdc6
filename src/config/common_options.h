#pragma once
// The options that every job has.

#include <cstdint>
#include <string>
#include <vector>

#include "base/openmp_policy.h"
#include "config/binder.h"

namespace runner::config {

struct EnvironmentOptions {
  OpenMpPolicy openmp = OpenMpPolicy::isolate;
  std::string threads = "auto";  // auto: the cores this process may use; or a number
  std::int64_t restarts = 0;     // how often the supervisor resumes a crashed worker
  double stall_timeout = 600;  // seconds without progress until the worker is stopped and explained; 0: never
  double rank_timeout = 60;    // seconds without a sign of a rank until it counts as lost
  std::vector<std::string> keep;  // variables that the bootstrap must leave as they are
};

struct CommonOptions {
  std::string job;
  std::string name;  // default: the config's file name without .yaml
  EnvironmentOptions environment;
};

void declare(Binder& b, CommonOptions& o);

}  // namespace runner::config
