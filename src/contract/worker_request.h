#pragma once
// What the launcher hands to the worker, and what it gets back; both go through files in memory.

#include <optional>
#include <string>

#include "base/colour.h"
#include "base/log.h"
#include "contract/error_record.h"
#include "contract/job.h"

namespace runner {

struct WorkerRequest {
  JobContext context;
  std::string plugin;  // the file
  Verbosity verbosity = Verbosity::normal;
  ColourMode colour = ColourMode::automatic;
  int status_fd = -1;  // inherited descriptors; -1: none
  int stacks_fd = -1;
  int result_fd = -1;    // the outcome goes there instead of stdout
  int lifeline_fd = -1;  // ends when the launcher does (systems without PR_SET_PDEATHSIG)

  static void fields(auto& self, auto& field) {
    field("context", self.context);
    field("plugin", self.plugin);
    field("verbosity", self.verbosity);
    field("colour", self.colour);
    field("status_fd", self.status_fd);
    field("stacks_fd", self.stacks_fd);
    field("result_fd", self.result_fd);
    field("lifeline_fd", self.lifeline_fd);
  }
};

struct WorkerOutcome {
  JobResult result;
  std::optional<ErrorRecord> error;

  static void fields(auto& self, auto& field) {
    field("result", self.result);
    field("error", self.error);
  }
};

}  // namespace runner
