#include "jobs/train/manifest.h"

#include <ctime>

#include "base/atomic_file.h"
#include "base/json_text.h"
#include "base/time.h"
#include "base/version.h"

namespace runner::jobs {
Manifest::Manifest(std::filesystem::path folder, const JobContext& context, const std::string& name)
    : path_(std::move(folder) / "manifest.json") {
  contents_ = {{"job", context.job},          {"name", name},
               {"started", iso_time()},       {"outcome", "running"},
               {"runner", runner::version()}, {"arguments", context.arguments},
               {"launch", context.launch},    {"config", context.config}};
}

void Manifest::write() const {
  write_file_atomically(path_, json_text(contents_, 2) + "\n");
}

void Manifest::finish(const std::string& outcome) {
  contents_["outcome"] = outcome;
  contents_["ended"] = iso_time();
  write();
}

}  // namespace runner::jobs
