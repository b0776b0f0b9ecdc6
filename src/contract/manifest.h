#pragma once
// The manifest of a run: what it made, of what, by which program, and how it ended. A run's folder has it as
// manifest.json, a file that a job writes as NAME.manifest.json beside it. Every job writes the same: job,
// name, started, outcome, runner, arguments, launch, config; what it adds itself; result; ended.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "contract/input_record.h"
#include "contract/job.h"

namespace runner {

// "crash" in the manifest of a run whose worker died or stood still.
struct CrashRecord {
  std::string message;
  int signal = 0;  // 0: none, it ended by itself
  std::string phase;
  std::int64_t step = 0;
  std::string stacks;
  std::int64_t peak_memory_kib = 0;

  static void fields(auto& self, auto& field) {
    field("message", self.message);
    field("signal", self.signal);
    field("phase", self.phase);
    field("step", self.step);
    field("stacks", self.stacks);
    field("peak_memory_kib", self.peak_memory_kib);
  }
};

class Manifest {
 public:
  // Of a run that starts now; its outcome is "running" until it is told otherwise.
  Manifest(const JobContext& context, const std::string& name);
  // Of a run that died before it had one.
  Manifest(const std::string& job, const LaunchRecord& launch);
  // Nothing when there is none, or none that can be read: vanished, damaged, not ours to read.
  static std::optional<Manifest> read_if_valid(const std::filesystem::path& file);
  // Throws as read_json_file does.
  static Manifest read(const std::filesystem::path& file);

  // Any field beside those that every manifest has: "data", "result", "error".
  void set(const char* field, Json value) { contents_[field] = std::move(value); }
  void set_config(const std::string& yaml) { set("config", yaml); }
  void set_outcome(const std::string& outcome) { set("outcome", outcome); }
  // Ended now.
  void finish(const std::string& outcome);
  void write(const std::filesystem::path& file) const;
  std::string text() const;  // of the file

  // "" or null where a manifest does not tell.
  std::string job() const;
  std::string name() const;
  std::string outcome() const;
  std::string started() const;
  const Json& settings() const;             // of an index
  std::vector<InputRecord> inputs() const;  // those that are well told
  const Json& result() const;
  std::string resume() const;  // launch.resume
  // It says so; who holds the lock of its folder knows better.
  bool is_running() const { return outcome() == "running"; }
  // It came to an end of its own ("finished", "stopped early", "gate failed"): nothing of it is to be done.
  bool has_ended() const;
  const Json& contents() const { return contents_; }

 private:
  explicit Manifest(Json contents) : contents_(std::move(contents)) {}
  Json contents_;
};

// FILE.manifest.json
std::filesystem::path manifest_beside(const std::filesystem::path& file);

}  // namespace runner
