#pragma once
// metrics.jsonl: one JSON object a line, appended while a run goes on.

#include <filesystem>
#include <string>
#include <vector>

#include "contract/training_records.h"

namespace runner::lvm {

class MetricsFile {
 public:
  explicit MetricsFile(std::filesystem::path path) : path_(std::move(path)) {}

  // Appends the line. What cannot be written (a full disk) is kept and tried again with the next line; it
  // never throws. The first failure is a warning.
  void add(const Json& line);
  // Before a checkpoint that counts on them: the lines so far outlast a power cut.
  void flush_to_disk() const;

  // Keeps the lines of a run that is at `step` and has `epochs` behind it: those up to the step, of
  // epochs' figures only those that are in `epochs`. A resumed run writes the others
  // again.
  void keep_until(std::int64_t step, const std::vector<EpochRecord>& epochs) const;
  void clear() const;

 private:
  std::filesystem::path path_;
  std::string pending_;
  bool warned_ = false;
};

}  // namespace runner::lvm
