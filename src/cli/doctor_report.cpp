#include "cli/doctor_report.h"

#include <unistd.h>

#include "base/log.h"

namespace runner::cli {

using runtime::BlasPool;
using runtime::Runtime;
using runtime::ScanResult;
using runtime::Verdict;

namespace {

const char* meaning(Verdict verdict) {
  switch (verdict) {
    case Verdict::none:
      return "no OpenMP runtime";
    case Verdict::one:
      return "one OpenMP runtime: good";
    case Verdict::slow:
      return "works, slower than need be";
    case Verdict::mixed:
      return "libgomp and LLVM/Intel OpenMP in one process: works, with more threads than cores";
    case Verdict::duplicate:
      break;
  }
  return "two LLVM/Intel OpenMP runtimes in one process: aborts with OMP: Error #15";
}

std::string coloured(Verdict verdict) {
  const char* word = runtime::to_string(verdict);
  if (!colour_allowed(STDOUT_FILENO)) return word;
  const int colour = verdict <= Verdict::one ? 32 : verdict == Verdict::duplicate ? 31 : 33;
  return fmt::format("\033[{}m{}\033[0m", colour, word);
}

std::string leaf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string chain(const std::vector<std::string>& needed_by) {
  std::string line;
  for (const std::string& path : needed_by) line += (line.empty() ? "" : " > ") + leaf(path);
  return line;
}

void add_row(std::string& text, const std::string& kind, const std::string& version, const std::string& path,
             const std::string& name, const std::vector<std::string>& needed_by, const std::string& remark) {
  text += fmt::format("  {:<10} {:<16} {}{}\n", kind, version.empty() ? "-" : version, path, remark);
  if (!name.empty() && name != leaf(path)) text += fmt::format("  {:<27} called {}\n", "", name);
  if (!needed_by.empty()) text += fmt::format("  {:<27} needed by {}\n", "", chain(needed_by));
}

}  // namespace

std::string report_set(const ScanResult& set) {
  std::string names;
  std::size_t shown = 0;
  for (const std::string& member : set.members) {
    if (shown == 6) {
      names += fmt::format(" + {} more", set.members.size() - shown);
      break;
    }
    names += (shown++ == 0 ? "" : " + ") + leaf(member);
  }
  std::string text = fmt::format(
      "{}{}{}\n  verdict: {} ({})\n", names, set.target.empty() ? "" : "  ",
      set.target.empty() ? "" : "[" + set.target + "]", coloured(set.verdict),
      set.verdict == Verdict::slow && set.runtimes.empty() ? "slower than need be" : meaning(set.verdict));
  for (const Runtime& r : set.runtimes)
    add_row(text, runtime::to_string(r.kind), r.version, r.path, r.name, r.needed_by,
            std::string(r.is_static ? "  (linked in)" : "") + (r.preloaded ? "  (preloaded)" : ""));
  for (const BlasPool& p : set.blas)
    add_row(
        text, runtime::to_string(p.kind), p.version, p.path, p.name, p.needed_by,
        fmt::format("  (threads: {}{})", runtime::to_string(p.threads), p.is_static ? ", linked in" : ""));
  for (const std::string& line : set.advice) text += "  * " + line + "\n";
  for (const std::string& line : set.problems) text += "  ! " + line + "\n";
  return text;
}

std::string report_machine(const runtime::MachineReport& m) {
  std::string text = fmt::format(
      "this machine\n  cores      {} of {}{}; a worker gets {} threads ({})\n", m.affinity, m.cores,
      m.quota > 0 ? fmt::format(", cgroup quota {:.2g}", m.quota) : "", m.threads, m.threads_reason);
  text += fmt::format("  blas       {}{}\n", m.blas.empty() ? "no libblas.so.3" : m.blas,
                      m.openblas_core.empty() ? "" : fmt::format(" (kernels: {})", m.openblas_core));
  for (const std::string& device : m.devices) text += fmt::format("  device     {}\n", device);
  for (const std::string& warning : m.warnings) text += "  * " + warning + "\n";
  return text;
}

std::string report_process(const runtime::ProcessView& process) {
  std::string text =
      fmt::format("process {}: {}\n  threads    {} ({} running) on {} cores\n", process.pid, process.command,
                  process.threads.total, process.threads.running, process.cores);
  for (const std::string& name : process.threads.names) text += fmt::format("  {:<10} {}\n", "", name);
  for (const auto& [name, value] : runtime::relevant(process.environment))
    text += fmt::format("  {}={}\n", name, value);
  return text;
}

std::string report_verdict(Verdict worst, std::size_t sets) {
  return fmt::format("{}: {}{}\n", coloured(worst), meaning(worst),
                     sets > 1 ? fmt::format(" (the worst of {} sets)", sets) : "");
}

}  // namespace runner::cli
