#include "training/files/metrics_file.h"

#include <optional>
#include <sstream>

#include "base/append_file.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"

namespace runner::lvm {
namespace fs = std::filesystem;

namespace {

bool is_epoch(const Json& line) {
  return line.contains("val_loss");
}

bool is_among(const Json& line, const Json& epochs) {
  for (const Json& epoch : epochs)
    if (integer_in(epoch, "epoch") == integer_in(line, "epoch") &&
        integer_in(epoch, "step") == integer_in(line, "step"))
      return true;
  return false;
}

// Nothing for a line that a kill has torn.
std::optional<Json> line_of(const std::string& text) {
  try {
    Json line = parse_json(text, "");
    return line.is_object() ? std::optional(std::move(line)) : std::nullopt;
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

void MetricsFile::keep_until(std::int64_t step, const Json& epochs) const {
  std::error_code error;
  if (!fs::exists(path_, error)) return;
  std::istringstream in(read_file(path_));
  std::string kept;
  for (std::string text; std::getline(in, text);) {
    const std::optional<Json> line = line_of(text);
    if (!line || integer_in(*line, "step") > step) continue;
    if (!is_epoch(*line) || is_among(*line, epochs)) kept += text + "\n";
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
