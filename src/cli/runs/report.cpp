#include "cli/runs/report.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/input_file.h"
#include "base/json_file.h"
#include "base/log.h"
#include "cli/runs/past_run.h"
#include "report/comparison_page.h"
#include "report/html.h"
#include "report/run_report.h"

namespace runner::cli {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_page = std::size_t{64} << 20;

report::ReportedRun reported(const fs::path& folder) {
  const PastRun run = read_run(folder);
  if (run.text("job") != "train")
    throw UsageError(fmt::format("is a run of {}; a report is made of trainings", run.text("job")),
                     folder.string());
  report::ReportedRun told = report::read_reported_run(run.place);
  told.folder = fs::canonical(run.place);  // not by a link that will lead elsewhere
  told.manifest = run.contents;
  told.settings = configuration_of(run);
  return told;
}

bool lies_in(const fs::path& file, const fs::path& folder) {
  std::error_code error;
  const fs::path inside = fs::weakly_canonical(folder, error), path = fs::weakly_canonical(file, error);
  const auto [end, unused] = std::mismatch(inside.begin(), inside.end(), path.begin(), path.end());
  return !error && end == inside.end();
}

// Of this run's model: named by the run's folder, or by a file in it. They lie in `folder`, or beside the
// model, where scripts/train_*.sh put them.
std::vector<Json> evaluations_of(const fs::path& run, const fs::path& folder) {
  const bool there = fs::is_directory(folder) && !lies_in(folder, run);
  std::vector<PastRun> all = there ? find_runs(folder) : std::vector<PastRun>();
  if (!there || !lies_in(run, folder)) {
    const std::vector<PastRun> beside = find_runs(run);
    all.insert(all.end(), beside.begin(), beside.end());
  }
  std::vector<Json> found;
  for (const PastRun& past : all) {
    const std::string model =
        text_in(past.contents, "model", text_in(member_in(past.contents, "result"), "model"));
    if (past.text("job") != "eval" || model.empty() || !lies_in(model, run)) continue;
    const Json& result = member_in(past.contents, "result");
    found.push_back(result.is_object() ? result : past.contents);
    found.back()["output"] = past.place.string();
  }
  return found;
}

// Nothing but a page of ours is replaced.
void require_ours_or_free(const fs::path& page) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(page, error))) return;
  if (!fs::is_regular_file(page, error) || !report::is_page(read_regular_file(page, longest_page)))
    throw UsageError("holds something that runner runs report did not write; name another --output",
                     page.string());
}

}  // namespace

fs::path write_report(const ReportOptions& options) {
  std::vector<report::ReportedRun> runs;
  for (const std::string& folder : options.runs) runs.push_back(reported(folder));
  const bool one = runs.size() == 1;
  fs::path page = options.output;
  if (page.empty()) page = one ? runs[0].folder / "report.html" : fs::path("runs.html");
  if (!one || !options.output.empty()) require_ours_or_free(page);
  if (one) runs[0].evaluations = evaluations_of(runs[0].folder, options.evaluations);
  write_file_atomically(page, one ? report::run_page(runs[0]) : report::comparison_page(runs));
  return page;
}

}  // namespace runner::cli
