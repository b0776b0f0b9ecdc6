#pragma once
// The lock file of a pipeline: what each step was made of, and that one process works on it at a time.

#include <filesystem>
#include <optional>
#include <string>

#include "base/file_lock.h"
#include "contract/pipeline_record.h"

namespace runner::cli {

class PipelineState {
 public:
  // Of the pipeline's lock file, pipeline.lock.json beside pipeline.yaml; in this folder for a pipeline that
  // ships with an installed runner. Throws DataError for a file that is none.
  explicit PipelineState(const std::filesystem::path& pipeline);

  const std::filesystem::path& file() const { return file_; }
  const PipelineStepRecord* done(const std::string& step) const { return find_named(record_.steps, step); }
  const PipelineStepRecord* unfinished(const std::string& step) const {
    return find_named(record_.unfinished, step);
  }

  // For a run: nobody else's from now on. Throws RunError when another process has it.
  void take();
  // Forgets steps of other names, which the pipeline no longer has.
  void keep_only(const std::vector<std::string>& steps);
  // Each writes the file.
  void begin(const std::string& step, const PipelineStepRecord& record);
  void finish(const std::string& step, const PipelineStepRecord& record);
  void give_up(const std::string& step);  // it starts anew the next time

 private:
  void read();
  void write() const;
  std::filesystem::path file_;
  PipelineRecord record_;
  std::optional<FileLock> lock_;
};

}  // namespace runner::cli
