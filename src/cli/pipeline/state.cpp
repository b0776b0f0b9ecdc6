#include "cli/pipeline/state.h"

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "cli/find_config.h"

namespace runner::cli {
namespace fs = std::filesystem;

namespace {

fs::path lock_file_of(const fs::path& pipeline) {
  const fs::path name = pipeline.stem().string() + ".lock.json", share = share_folder();
  const bool shipped = !share.empty() && pipeline.parent_path() == share / "configs";
  return shipped ? name : pipeline.parent_path() / name;
}

void remove_named(NamedList<PipelineStepRecord>& list, const std::string& name) {
  std::erase_if(list, [&](const auto& entry) { return entry.first == name; });
}

}  // namespace

PipelineState::PipelineState(const fs::path& pipeline) : file_(lock_file_of(pipeline)) {
  read();
}

void PipelineState::read() {
  record_ = {};
  std::error_code error;
  if (!fs::exists(fs::symlink_status(file_, error))) return;
  try {
    record_ = record_from<PipelineRecord>(read_json_file(file_), file_.string());
  } catch (const DataError& damage) {
    throw DataError(std::string(damage.what()) + "; remove it, and every step runs again", damage.place());
  }
}

void PipelineState::take() {
  const fs::path file = file_.parent_path() / ("." + file_.stem().stem().string() + ".running");
  auto lock = FileLock::try_lock(file);
  if (!lock)
    throw RunError(fmt::format("process {} runs this pipeline", FileLock::holder(file)), file_.string());
  lock_.emplace(std::move(*lock));
  read();  // whoever had it may just have written
}

void PipelineState::keep_only(const std::vector<std::string>& steps) {
  std::size_t forgotten = 0;
  for (auto* list : {&record_.steps, &record_.unfinished})
    forgotten += std::erase_if(*list, [&](const auto& entry) {
      return std::find(steps.begin(), steps.end(), entry.first) == steps.end();
    });
  if (forgotten > 0) write();
}

void PipelineState::begin(const std::string& step, const PipelineStepRecord& record) {
  remove_named(record_.unfinished, step);
  record_.unfinished.emplace_back(step, record);
  write();
}

void PipelineState::finish(const std::string& step, const PipelineStepRecord& record) {
  remove_named(record_.unfinished, step);
  const auto old = std::find_if(record_.steps.begin(), record_.steps.end(),
                                [&](const auto& entry) { return entry.first == step; });
  if (old != record_.steps.end())
    old->second = record;
  else
    record_.steps.emplace_back(step, record);
  write();
}

void PipelineState::give_up(const std::string& step) {
  remove_named(record_.unfinished, step);
  write();
}

void PipelineState::write() const {
  write_file_atomically(file_, json_text(record_, 2) + "\n");
}

}  // namespace runner::cli
