#pragma once
// What a training reached: parts of report.html, each a section of HTML, "" where a run has nothing to tell.

#include <string>

#include "report/run_report.h"
#include "report/svg_chart.h"

namespace runner::report {

// The epoch with the lowest validation loss; nothing before the first one's end.
const EpochRecord* best_epoch(const TrainingHistory& history);

// An epoch's figure over the epochs; those without it are left out.
Series series_of(const TrainingHistory& history, const char* key, const std::string& name);

// How it ended, its best epoch, its speed, memory and device.
std::string summary_section(const ReportedRun& run);
std::string curves_section(const ReportedRun& run);
// The best epoch beside the baselines and chance.
std::string baselines_section(const ReportedRun& run);
// A row an epoch; of more than 200 the last ones.
std::string epochs_section(const ReportedRun& run);
std::string gates_section(const ReportedRun& run);
std::string events_section(const ReportedRun& run);
// 5CAT of each evaluation.
std::string evaluations_section(const ReportedRun& run);

}  // namespace runner::report
