#include "worker/exec/exec_program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "openmp_scan/loader/process.h"
#include "worker/exec/death_watch.h"
#include "worker/exec/stderr_copy.h"
#include "worker/processes/process.h"
#include "worker/processes/signal_pipe.h"
#include "worker/supervise/crash_report.h"
#include "worker/supervise/omp_errors.h"

namespace runner::runtime {
namespace {

// A process that cannot be looked at any more is no error here.
std::optional<ScanResult> scan_if_there(pid_t pid) {
  try {
    return scan_process(pid);
  } catch (const Error& error) {
    spdlog::debug("cannot look at process {}: {}", pid, error.line());
    return std::nullopt;
  }
}

struct Started {
  pid_t pid = -1;
  int gate = -1;    // closing it lets the program begin
  int report = -1;  // for check_executed
};

// The child waits behind a gate, so that it can be traced from its first instruction on.
Started start(ChildSetup setup, const StderrCopy& stderr_copy) {
  int gate[2];
  if (::pipe(gate) != 0) throw_errno("cannot create a pipe", setup.program);
  close_on_exec(gate[0]);
  close_on_exec(gate[1]);
  Started started;
  setup.stderr_fd = stderr_copy.program_end();
  setup.wait_fd = gate[0];
  setup.gate_fd = gate[1];
  setup.report_fd = &started.report;
  started.pid = spawn(setup);
  started.gate = gate[1];
  ::close(gate[0]);
  return started;
}

void handle_signals(SignalPipe& signals, pid_t pid, const StderrCopy& stderr_copy, int& passed_on) {
  for (const auto& event : signals.take()) {
    if (event.signal == SIGWINCH) stderr_copy.copy_window_size();
    if (event.signal == SIGWINCH || event.signal == SIGCHLD) continue;
    passed_on = event.signal;
    if (!event.from_kernel) ::kill(pid, event.signal);  // the terminal's own reach the program without us
  }
}

bool died_of_conflict_signal(const ProgramEnding& ending) {
  return ending.exit_code == 128 + SIGABRT || ending.exit_code == 128 + SIGSEGV;
}

}  // namespace

ProgramEnding run_program(const std::vector<std::string>& command, const Environment& environment) {
  StderrCopy stderr_copy;
  SignalPipe signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCHLD, SIGUSR1, SIGUSR2},
                     {SIGHUP, SIGINT, SIGQUIT});
  ChildSetup setup;
  setup.program = command[0];
  setup.argv = command;
  setup.environment = environment;
  setup.death_signal = SIGTERM;
  const Started program = start(setup, stderr_copy);
  stderr_copy.close_program_end();
  ProgramEnding ending;
  DeathWatch tracer(program.pid, [&] { ending.loaded = scan_if_there(program.pid); });
  ::close(program.gate);

  std::optional<int> status;
  while (!(status = tracer.poll())) {
    pollfd waiting[2] = {{signals.fd(), POLLIN, 0}, {stderr_copy.fd(), POLLIN, 0}};
    ::poll(waiting, 2, 1000);
    handle_signals(signals, program.pid, stderr_copy, ending.passed_on);
    const std::string came = stderr_copy.pump();
    // Without tracing, this moment is the last at which the process is surely there.
    if (!tracer.tracing() && came.find("OMP: Error") != std::string::npos)
      ending.loaded = scan_if_there(program.pid);
  }
  stderr_copy.pump();
  check_executed(setup, program.report);
  ending.signal = WIFSIGNALED(*status) ? WTERMSIG(*status) : 0;
  ending.exit_code = ending.signal != 0 ? 128 + ending.signal : WEXITSTATUS(*status);
  ending.last_stderr = stderr_copy.last();
  return ending;
}

std::string death(const ProgramEnding& ending) {
  if (ending.signal == 0 || ending.signal == ending.passed_on || ending.signal == SIGPIPE) return "";
  const std::string limits = limits_in_force();
  return "killed by " + signal_name(ending.signal) + (limits.empty() ? "" : "; " + limits);
}

std::string diagnose(const ProgramEnding& ending) {
  if (!died_of_conflict_signal(ending)) return "";
  const auto errors = find_omp_errors(ending.last_stderr);
  const bool conflict = ending.loaded && ending.loaded->verdict >= Verdict::mixed;
  if (errors.empty() && !conflict) return "";
  std::string text = fmt::format("the program died of {}\n", signal_name(ending.exit_code - 128));
  for (const OmpError& error : errors) text += fmt::format("  {}\n    {}\n", error.line, error.meaning);
  if (!ending.loaded)
    return text +
           "what it had loaded could not be seen; `runner doctor` on its environment's folder tells which "
           "files "
           "bring OpenMP\n";
  text += fmt::format("OpenMP runtimes in the process: {}\n", to_string(ending.loaded->verdict));
  for (const Runtime& r : ending.loaded->runtimes)
    text +=
        fmt::format("  {}{} {}{}\n    loaded for {}\n", to_string(r.kind),
                    r.version.empty() ? "" : " " + r.version, r.path, r.is_static ? " (linked into it)" : "",
                    r.needed_by.empty() ? "the program itself, by path"
                                        : fmt::format("{}", fmt::join(r.needed_by, " > ")));
  for (const BlasPool& b : ending.loaded->blas)
    text += fmt::format("  {}-{} {}\n", to_string(b.kind), to_string(b.threads), b.path);
  if (!ending.loaded->advice.empty()) text += "what to do:\n";
  for (const std::string& advice : ending.loaded->advice) text += fmt::format("  - {}\n", advice);
  return text;
}

}  // namespace runner::runtime
