#pragma once
// One run by the clock: locked, timed, watched and recorded. What every scheduler starts.

#include "schedule/entry.h"

namespace runner::runtime {

// Runs `runner run CONFIG` in the entry's folder and environment, its output in STATE/ID/logs, and records
// how it went. Returns the exit code to end with: the run's own; 1 when it had to be stopped at the timeout;
// 0, after a line on stderr, when an earlier run still goes on. A failure also tells its last lines and its
// log on stderr, for cron's mail or the journal. The ten newest logs are kept.
int start_scheduled(const ScheduleEntry& entry);

}  // namespace runner::runtime
