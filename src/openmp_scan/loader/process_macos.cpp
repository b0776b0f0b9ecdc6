// macOS has no /proc: lsof lists the mapped files, ps the threads.
#include "openmp_scan/loader/process.h"

#ifdef __APPLE__
#include <spdlog/fmt/fmt.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "base/error.h"
#include "openmp_scan/loader/lsof.h"
#include "openmp_scan/loader/search.h"

namespace runner::runtime {

namespace {

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char piece[4096];
  for (std::size_t n = 0; (n = std::fread(piece, 1, sizeof piece, pipe)) > 0;) text.append(piece, n);
  ::pclose(pipe);
  return text;
}

}  // namespace

ProcessView look_at(pid_t pid) {
  const std::string place = fmt::format("--pid {}", pid);
  if (pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH)) throw EnvironmentError("no such process", place);
  ProcessView view;
  view.pid = pid;
  view.command = output_of(fmt::format("ps -o command= -p {}", pid));
  while (view.command.ends_with('\n')) view.command.pop_back();
  view.mapped = mapped_from_lsof(output_of(fmt::format("lsof -w -p {} -F fn", pid)));
  if (view.mapped.empty())
    throw EnvironmentError("lsof shows nothing mapped; look as the process's user, or as root", place);
  const auto lines = split_list(output_of(fmt::format("ps -M -p {}", pid)), "\n");
  view.threads.total = lines.empty() ? 0 : lines.size() - 1;
  for (const std::string& entry : split_list(output_of(fmt::format("ps -E -o command= -p {}", pid)), " \n"))
    if (const std::size_t equals = entry.find('='); equals != std::string::npos && equals > 0)
      view.environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  return view;
}

}  // namespace runner::runtime
#endif
