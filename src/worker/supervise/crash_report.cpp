#include "worker/supervise/crash_report.h"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "base/progress.h"

namespace runner::runtime {
namespace {

std::string text_of(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string()
             ? object[key].get<std::string>()
             : "";
}

const Json& list_of(const Json& object, const char* key) {
  static const Json none = Json::array();
  return object.is_object() && object.contains(key) && object[key].is_array() ? object[key] : none;
}

std::string conflict_advice(const std::string& verdict) {
  if (verdict == "duplicate" || verdict == "mixed")
    return "two OpenMP runtimes share this process, which is the likeliest cause: environment.openmp: "
           "isolate keeps "
           "them apart; `runner doctor` says where the second comes from";
  return "";
}

std::vector<std::string> advice(const CrashFacts& facts) {
  std::vector<std::string> lines;
  const std::string conflict = conflict_advice(text_of(facts.libraries, "verdict"));
  if (facts.ending.stalled) {
    if (!conflict.empty()) lines.push_back(conflict);
    lines.push_back(
        "threads in exec_blas, gomp_team_barrier or __kmp_wait wait for each other: two thread pools or "
        "OMP_DYNAMIC=true do that; --explain-env shows what the worker got");
    lines.push_back(fmt::format(
        "work that is merely slow needs a longer environment.stall_timeout (now {:.4g} s; 0: never)",
        facts.stall_timeout));
    return lines;
  }
  if (const std::string limits = limits_in_force(); !limits.empty())
    lines.push_back("limits of this shell may be what it ran into: " + limits);
  switch (facts.ending.signal) {
    case 0:
      lines.push_back(
          "OpenMP and BLAS do that when they get no memory or no threads: fewer environment.threads need "
          "less");
      return lines;
    case SIGKILL:
      lines.push_back(
          "nothing but the system or another process sends SIGKILL, mostly because memory ran out: "
          "`dmesg | grep -i oom`; try a smaller batch_size, or a larger memory limit");
      return lines;
    case SIGILL:
      lines.push_back(
          "a library uses instructions that this CPU lacks: reinstall it for this machine, or build "
          "without RUNNER_NATIVE");
      break;
    case SIGBUS:
      lines.push_back(
          "a memory-mapped file shrank or its disk is full or failing: are the input files being "
          "rewritten? is /dev/shm full?");
      break;
    case SIGXCPU:
    case SIGXFSZ:
      if (lines.empty()) lines.push_back("a limit of the system was reached: `ulimit -a`");
      return lines;
    default:
      break;
  }
  if (!conflict.empty()) lines.push_back(conflict);
  lines.push_back(
      "`runner smoke` tells whether the libraries work at all; the same command with --no-supervise runs "
      "under a debugger (gdb --args)");
  lines.push_back(
      "a run with checkpoints continues with --resume=auto; environment.restarts: N does so by itself");
  return lines;
}

std::string indent(const std::vector<std::string>& lines, const char* bullet) {
  std::string text;
  for (const std::string& line : lines) text += fmt::format("  {}{}\n", bullet, line);
  return text;
}

}  // namespace

std::string signal_name(int signal) {
  switch (signal) {
    case SIGABRT:
      return "SIGABRT (a library gave up: its message is above)";
    case SIGSEGV:
      return "SIGSEGV (invalid memory access)";
    case SIGBUS:
      return "SIGBUS (memory behind an address went away)";
    case SIGILL:
      return "SIGILL (illegal instruction)";
    case SIGFPE:
      return "SIGFPE (division by zero or the like)";
    case SIGKILL:
      return "SIGKILL";
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGPIPE:
      return "SIGPIPE (the reader of its output ended)";
    case SIGXCPU:
      return "SIGXCPU (time limit)";
    case SIGXFSZ:
      return "SIGXFSZ (file size limit)";
    default:
      return "signal " + std::to_string(signal);
  }
}

std::vector<std::string> library_lines(const Json& libraries) {
  std::vector<std::string> lines;
  for (const char* group : {"runtimes", "blas"})
    for (const Json& library : list_of(libraries, group)) {
      const std::string version = text_of(library, "version"), threads = text_of(library, "threads");
      lines.push_back(fmt::format("{}{}{} ({})", text_of(library, "kind"),
                                  threads.empty() ? "" : "-" + threads, version.empty() ? "" : " " + version,
                                  text_of(library, "path")));
    }
  return lines;
}

bool blames_input(const CrashFacts& facts) {
  if (facts.input.empty()) return false;
  if (facts.ending.signal == SIGBUS) return true;
  if (facts.ending.stalled) return facts.input_use == InputUse::trusted;
  const int signals[] = {SIGSEGV, SIGABRT, SIGFPE, SIGILL};
  return facts.input_use != InputUse::mapped &&
         std::find(std::begin(signals), std::end(signals), facts.ending.signal) != std::end(signals);
}

std::string how_it_ended(const Ending& ending) {
  return ending.signal != 0 ? "was killed by " + signal_name(ending.signal)
                            : fmt::format("ended with exit code {}", ending.exit_code);
}

std::string crash_line(const CrashFacts& facts) {
  if (blames_input(facts) && facts.ending.signal == SIGBUS)
    return fmt::format(
        "{}: it became shorter or unreadable while it was mapped (SIGBUS): was it rewritten in place, or is "
        "its disk failing?",
        facts.input);
  if (blames_input(facts))
    return fmt::format(
        "{}: the library that reads it {}: it is damaged, or of a type that this version does not know",
        facts.input,
        facts.ending.stalled ? "never came to an end" : "crashed with " + signal_name(facts.ending.signal));
  std::string where = facts.phase.empty() ? "before its first phase" : "in phase \"" + facts.phase + "\"";
  if (facts.step >= 0) where += fmt::format(", step {}", facts.step);
  if (facts.ending.stalled)
    return fmt::format("the worker of {} made no progress for {:.4g} s {} and was stopped", facts.job,
                       facts.stall_timeout, where);
  if (facts.ending.signal == 0)
    where += ", without a result: a library called exit(); its own message is above";
  return fmt::format("the worker of {} {} {}", facts.job, how_it_ended(facts.ending), where);
}

std::string crash_report(const CrashFacts& facts) {
  std::string text = crash_line(facts) + "\n";
  if (facts.ending.peak_memory_kib > 0)
    text += fmt::format("  peak memory {}{}\n",
                        format_bytes(static_cast<double>(facts.ending.peak_memory_kib) * 1024),
                        facts.ending.core_dumped ? "; a core file was written" : "");
  const auto libraries = library_lines(facts.libraries);
  text += fmt::format("OpenMP runtimes and BLAS {}:\n", facts.loaded ? "loaded" : "that its plug-in loads");
  text += libraries.empty() ? "  none known\n" : indent(libraries, "");
  if (!facts.ending.stacks.empty())
    text += (facts.ending.stalled ? "threads:\n" : "the thread that crashed:\n") + facts.ending.stacks;
  text += "what to try:\n" + indent(advice(facts), "- ");
  if (!facts.resume.empty()) text += "from its last checkpoint it goes on with:\n" + facts.resume + "\n";
  return text;
}

}  // namespace runner::runtime
