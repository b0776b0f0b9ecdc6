#pragma once
// manifest.json of a training run: written when it starts, completed when it ends.

#include <filesystem>

#include "base/job.h"
#include "base/json.h"

namespace runner::jobs {

class Manifest {
 public:
  // outcome: "running" until finish() says otherwise.
  Manifest(std::filesystem::path folder, const JobContext& context, const std::string& name);
  Json& operator[](const char* key) { return contents_[key]; }
  void write() const;
  void finish(const std::string& outcome);

 private:
  std::filesystem::path path_;
  Json contents_;
};

}  // namespace runner::jobs
