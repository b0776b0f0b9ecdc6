#include "cli/doctor_report.h"

#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "report/block.h"

namespace runner::cli {

using runtime::BlasPool;
using runtime::leaf;
using runtime::Runtime;
using runtime::ScanResult;
using runtime::Verdict;

namespace {

constexpr std::size_t value_column = 13;

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

// "a > b > c", lines broken behind a ">" where the terminal is narrower.
std::string chain(const std::vector<std::string>& needed_by, std::size_t indent, std::size_t width) {
  std::string text, line;
  for (std::size_t i = 0; i < needed_by.size(); ++i) {
    const std::string part = leaf(needed_by[i]) + (i + 1 < needed_by.size() ? " >" : "");
    if (!line.empty() && indent + columns(line) + 1 + columns(part) > width) {
      text += line + "\n" + std::string(indent, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + part;
  }
  return text + line;
}

// What stands behind kind and version goes below them where the terminal is too narrow for a path there.
void add_row(std::string& text, const std::string& kind, const std::string& version, const std::string& path,
             const std::string& name, const std::vector<std::string>& needed_by, const std::string& remark) {
  constexpr std::size_t usual = 30, narrow = value_column;
  const std::size_t width = report::block_width(STDOUT_FILENO);
  const bool fits = usual + columns(path + remark) <= width;
  const std::size_t indent = fits ? usual : narrow;
  const std::string shown = version.empty() ? "-" : version;
  text += fits ? fmt::format("  {:<10} {:<16} {}{}\n", kind, shown, path, remark)
               : fmt::format("  {:<10} {}{}\n{:<{}}{}\n", kind, shown, remark, "", narrow, path);
  if (!name.empty() && name != leaf(path)) text += fmt::format("{:<{}}called {}\n", "", indent, name);
  if (needed_by.empty()) return;
  text += fmt::format("{:<{}}needed by {}\n", "", indent, chain(needed_by, indent + 10, width));
}

std::string names_of(const ScanResult& set, std::size_t most) {
  std::string names;
  for (std::size_t i = 0; i < set.members.size() && i < most; ++i)
    names += (i == 0 ? "" : " + ") + leaf(set.members[i]);
  return set.members.size() > most ? names + fmt::format(" + {} more", set.members.size() - most) : names;
}

// "libomp x2, openblas"
std::string counted(const ScanResult& set) {
  std::map<std::string, int> kinds;
  for (const Runtime& r : set.runtimes) ++kinds[runtime::to_string(r.kind)];
  for (const BlasPool& p : set.blas) ++kinds[runtime::to_string(p.kind)];
  std::string text;
  for (const auto& [kind, count] : kinds)
    text += (text.empty() ? "" : ", ") + (count == 1 ? kind : fmt::format("{} x{}", kind, count));
  return text;
}

std::string remarks(const Runtime& r) {
  std::string text;
  if (r.is_static) text += "  (linked in)";
  if (r.preloaded) text += "  (preloaded)";
  if (!r.found) text += "  (not found here)";
  if (r.needed_by.empty() && r.found && !r.is_static && !r.preloaded) text += "  (loaded by its path)";
  return text;
}

}  // namespace

std::string wrapped(const std::string& text) {
  return wrap(text, report::block_width(STDOUT_FILENO), value_column);
}

std::string report_problems(const std::vector<std::string>& problems, const char* indent) {
  constexpr std::size_t most = 6;
  std::string text;
  for (std::size_t i = 0; i < problems.size() && i < most; ++i)
    text += fmt::format("{}! {}\n", indent, problems[i]);
  if (problems.size() > most)
    text += fmt::format("{}! {} more lines like these; --json has all\n", indent, problems.size() - most);
  return text;
}

std::string report_set(const ScanResult& set) {
  std::string text = names_of(set, 8) + (set.target.empty() ? "" : "  [" + set.target + "]");
  const bool without_openmp = set.verdict == Verdict::slow && set.runtimes.empty();
  text += "\n" + wrapped(fmt::format("  verdict    {}  {}\n", runtime::to_string(set.verdict),
                                     without_openmp ? "slower than need be" : meaning(set.verdict)));
  for (const Runtime& r : set.runtimes)
    add_row(text, runtime::to_string(r.kind), r.version, r.path, r.name, r.needed_by, remarks(r));
  for (const BlasPool& p : set.blas)
    add_row(
        text, runtime::to_string(p.kind), p.version, p.path, p.name, p.needed_by,
        fmt::format("  (threads: {}{})", runtime::to_string(p.threads), p.is_static ? ", linked in" : ""));
  for (const std::string& line : set.advice) text += "  * " + line + "\n";
  return text + report_problems(set.problems, "  ");
}

std::string report_overview(const std::vector<ScanResult>& sets) {
  std::size_t width = 12;
  for (const ScanResult& set : sets) width = std::max(width, names_of(set, 4).size());
  std::string text;
  for (const ScanResult& set : sets) {
    const std::string padding(
        11 - std::min<std::size_t>(10, std::string(runtime::to_string(set.verdict)).size()), ' ');
    text += fmt::format("{:<{}}  {}{}{}  [{}]\n", names_of(set, 4), width, runtime::to_string(set.verdict),
                        padding, counted(set), set.target);
  }
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
  return fmt::format("verdict    {}  {}{}\n", runtime::to_string(worst), meaning(worst),
                     sets > 1 ? fmt::format(" (the worst of {} sets)", sets) : "");
}

}  // namespace runner::cli
