#pragma once
// What a run is told beside its configuration.

#include <cstdint>
#include <optional>
#include <string>

namespace runner {

struct Arguments {
  // By flags (jobs/registry.cpp).
  std::optional<std::string> resume;  // "auto": the newest checkpoint of the output; else the run's folder
  std::optional<std::string> init;    // weights to start from: a run's folder, a .safetensors or a .pt file
  bool allow_changed = false;
  std::int64_t max_steps = 0;  // 0: as many as the epochs have
  std::int64_t nproc = 0;      // ranks to start on this machine; 0: none
  std::int64_t ranks = 0;      // runner plan: up to so many; 0: none
  bool force = false, rollback = false;
  std::optional<std::string> shard;  // "3/8", or "auto": of an index, or of a search
  bool merge = false;
  // By the command line.
  bool dry_run = false;            // a plan, and nothing else
  bool new_output = false;         // the output's name held {timestamp}
  std::int64_t config_epochs = 0;  // the file's own train.epochs; 0: it has none
  // By the launcher.
  std::string part;      // the part of the job that this worker runs; "": the whole job
  std::string exchange;  // a folder that all parts of the run share, removed at its end; "": no parts
  std::string output;    // the folder that a worker before this one wrote into: a restart goes on there

  static void fields(auto& self, auto& field) {
    field.unless_empty("resume", self.resume);
    field.unless_empty("init", self.init);
    field.unless_empty("allow_changed", self.allow_changed);
    field.unless_empty("max_steps", self.max_steps);
    field.unless_empty("nproc", self.nproc);
    field.unless_empty("ranks", self.ranks);
    field.unless_empty("force", self.force);
    field.unless_empty("rollback", self.rollback);
    field.unless_empty("shard", self.shard);
    field.unless_empty("merge", self.merge);
    field.unless_empty("dry_run", self.dry_run);
    field.unless_empty("new_output", self.new_output);
    field.unless_empty("config_epochs", self.config_epochs);
    field.unless_empty("part", self.part);
    field.unless_empty("exchange", self.exchange);
    field.unless_empty("output", self.output);
  }
};

}  // namespace runner
