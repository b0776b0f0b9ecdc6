#pragma once
// A worker's violent end in words: what, where, with which libraries, and what to try.

#include <string>

#include "base/json.h"
#include "worker/supervise/supervise.h"

namespace runner::runtime {

// "SIGSEGV (invalid memory access)"; "signal 77" for one without a name here.
std::string signal_name(int signal);

// "was killed by SIGSEGV (invalid memory access)", "ended with exit code 1".
std::string how_it_ended(const Ending& ending);

struct CrashFacts {
  Ending ending;
  std::string job, phase;  // phase: "" when the worker had not said any
  std::int64_t step = -1;  // -1: none
  Json libraries;  // {"runtimes": […], "blas": […], "verdict": …} as the doctor gives it; loaded or predicted
  std::string resume;   // the line that goes on with this run; "": it has left no checkpoint
  bool loaded = false;  // libraries were looked up after loading, not predicted
  double stall_timeout = 0;
  std::string input;  // the file that was mapped or read then (base/status.h); "": none
  InputUse input_use = InputUse::mapped;
};

// The death is the fault of `input`: a data error, exit code 3.
bool blames_input(const CrashFacts& facts);

// The headline: "worker killed by SIGSEGV (…) in phase …, step 12".
std::string crash_line(const CrashFacts& facts);
// The headline, libraries, stack and advice, several lines.
std::string crash_report(const CrashFacts& facts);
// "libgomp 12 (/usr/lib/…/libgomp.so.1.0.0)", one for each runtime and BLAS.
std::vector<std::string> library_lines(const Json& libraries);

}  // namespace runner::runtime
