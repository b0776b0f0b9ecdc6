#pragma once
// A running worker until its end: signals passed on, stalls noticed.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "base/status.h"
#include "worker/processes/signal_pipe.h"

namespace runner::runtime {

// The signals that supervise handles. Make it before the worker is started, so that none is missed.
class WorkerSignals {
 public:
  WorkerSignals();
  SignalPipe& pipe() { return pipe_; }

 private:
  SignalPipe pipe_;
};

struct Watch {
  pid_t pid = -1;  // leader of its own process group
  const StatusPage* page = nullptr;
  int stacks_fd = -1;
  double stall_timeout = 0;        // seconds without a beat; 0: never
  std::function<void()> at_crash;  // called while a worker that crashes still holds everything it has loaded
};

struct Ending {
  int exit_code = 0;   // as the launcher passes it on: 128 + n when killed by signal n
  int signal = 0;      // that killed it; 0: it exited
  bool asked = false;  // it was this launcher's SIGINT or SIGTERM, passed on
  bool stalled = false;
  bool core_dumped = false;
  std::string stacks;                // of a stalled worker's threads, or of the thread that crashed
  std::int64_t peak_memory_kib = 0;  // resident
};

// Waits for the end. SIGINT, SIGTERM and SIGHUP (as SIGTERM) are passed on once each time they arrive; Ctrl-Z
// stops the worker too. A stalled worker is killed with SIGKILL after its threads' stacks have been read.
Ending supervise(WorkerSignals& signals, const Watch& watch);

}  // namespace runner::runtime
