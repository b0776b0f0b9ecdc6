#include "training/files/metrics_file.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "base/append_file.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/json_parse.h"
#include "base/json_text.h"
#include "base/log.h"

namespace runner::lvm {
namespace fs = std::filesystem;

namespace {

// What both kinds of lines have, and what only an epoch's has.
struct Line {
  std::int64_t step = 0;
  std::optional<std::int64_t> epoch;
  std::optional<double> val_loss;

  static void fields(auto& self, auto& field) {
    field("step", self.step);
    field("epoch", self.epoch);
    field("val_loss", self.val_loss);
  }
};

bool is_among(const Line& line, const std::vector<EpochRecord>& epochs) {
  return std::any_of(epochs.begin(), epochs.end(), [&](const EpochRecord& epoch) {
    return epoch.epoch == line.epoch && epoch.step == line.step;
  });
}

// Nothing for a line that a kill has torn.
std::optional<Line> line_of(const std::string& text) {
  try {
    return record_from<Line>(parse_json(text, ""), "");
  } catch (const DataError&) {
    return std::nullopt;
  }
}

}  // namespace

void MetricsFile::add(const Json& line) {
  pending_ += json_text(line) + "\n";
  try {
    AppendFile(path_).add(pending_);
    pending_.clear();
  } catch (const RunError& error) {
    if (!warned_) spdlog::warn("{}; the run goes on, and its lines are tried again", error.line());
    warned_ = true;
  }
}

void MetricsFile::keep_until(std::int64_t step, const std::vector<EpochRecord>& epochs) const {
  std::error_code error;
  if (!fs::exists(path_, error)) return;
  std::istringstream in(read_file(path_));
  std::string kept;
  for (std::string text; std::getline(in, text);) {
    const std::optional<Line> line = line_of(text);
    if (!line || line->step > step) continue;
    if (!line->val_loss || is_among(*line, epochs)) kept += text + "\n";
  }
  write_file_atomically(path_, kept);
}

void MetricsFile::flush_to_disk() const {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(path_, error))) return;
  try {
    AppendFile(path_).flush_to_disk();
  } catch (const RunError&) {  // told when a line was to be added
  }
}

void MetricsFile::clear() const {
  std::error_code error;
  if (fs::exists(path_, error)) write_file_atomically(path_, "");
}

}  // namespace runner::lvm
