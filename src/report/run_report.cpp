#include "report/run_report.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/input_file.h"
#include "base/json_file.h"
#include "base/log.h"
#include "report/html.h"
#include "report/origin_sections.h"
#include "report/training_sections.h"

namespace fs = std::filesystem;

namespace runner::report {
namespace {

constexpr std::size_t longest_configuration = 1 << 20;

ReportedRun with_history(const fs::path& folder, TrainingHistory history) {
  ReportedRun run;
  run.folder = folder;
  run.history = std::move(history);
  run.manifest = read_json_file_if_valid(folder / "manifest.json");
  try {
    run.configuration = read_regular_file(folder / "config.yaml", longest_configuration);
  } catch (const Error& error) {
    spdlog::debug("report of {} without its configuration: {}", folder.string(), error.line());
  }
  return run;
}

}  // namespace

std::string ReportedRun::name() const {
  return text_in(manifest, "name", folder.filename().string());
}

ReportedRun read_reported_run(const fs::path& folder) {
  const fs::path history = folder / "training_history.json";
  return with_history(folder, record_from<TrainingHistory>(read_json_file(history), history.string()));
}

std::string run_page(const ReportedRun& run) {
  return page(run.name(), summary_section(run) + curves_section(run) + baselines_section(run) +
                              evaluations_section(run) + gates_section(run) + events_section(run) +
                              epochs_section(run) + data_section(run) + configuration_section(run) +
                              environment_section(run) + commands_section(run));
}

void write_run_report(const fs::path& folder, const TrainingHistory& history) {
  write_file_atomically(folder / "report.html", run_page(with_history(folder, history)));
}

}  // namespace runner::report
