#include "openmp_scan/loader/process.h"

#ifdef __linux__
#include <sched.h>
#include <sys/stat.h>

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "openmp_scan/loader/search.h"

namespace runner::runtime {

namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string command_of(const fs::path& process, pid_t pid) {
  std::string command = text_of(process / "cmdline");
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::replace(command.begin(), command.end(), '\0', ' ');
  return command.empty() ? fmt::format("process {}", pid) : command;
}

// The file that `path` names in the process's own view; "" when it names another file by now.
std::string same_file(const fs::path& process, const std::string& path, std::uint64_t inode) {
  for (const std::string& candidate : {path, process.string() + "/root" + path}) {
    struct stat status {};
    if (::stat(candidate.c_str(), &status) == 0 && static_cast<std::uint64_t>(status.st_ino) == inode)
      return candidate;
  }
  // Overlay file systems report another inode in maps; an unmodified path is then good enough.
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && inode == 0 ? path : "";
}

void read_maps(const fs::path& process, ProcessView& view) {
  std::ifstream maps(process / "maps");
  if (!maps) {
    throw EnvironmentError(fmt::format("cannot read {}/maps: {}; look as the process's user, or as root",
                                       process.string(), std::strerror(errno)),
                           fmt::format("--pid {}", view.pid));
  }
  std::set<std::string> seen;
  for (std::string line; std::getline(maps, line);) {
    // address perms offset dev inode path
    std::istringstream fields(line);
    std::string address, permissions, offset, device, path;
    std::uint64_t inode = 0;
    fields >> address >> permissions >> offset >> device >> inode >> std::ws;
    std::getline(fields, path);
    if (path.empty() || path[0] != '/' || permissions.find('x') == std::string::npos) continue;
    constexpr std::string_view deleted = " (deleted)";
    const bool is_gone = path.ends_with(deleted);
    if (is_gone) path.resize(path.size() - deleted.size());
    if (!seen.insert(fmt::format("{} {}", inode, path)).second) continue;
    const std::string file = is_gone ? "" : same_file(process, path, inode);
    if (file.empty())
      view.gone.push_back(path);
    else
      view.mapped.push_back(file);
  }
}

void read_environment(const fs::path& process, ProcessView& view) {
  std::ifstream in(process / "environ", std::ios::binary);
  if (!in) view.remarks.push_back("its environment cannot be read");
  for (std::string entry; std::getline(in, entry, '\0');)
    if (const std::size_t equals = entry.find('='); equals != std::string::npos)
      view.environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
}

void read_threads(const fs::path& process, ProcessView& view) {
  std::map<std::string, int> names;
  std::error_code error;
  for (fs::directory_iterator it(process / "task", error), end; !error && it != end; it.increment(error)) {
    const std::string stat = text_of(it->path() / "stat");
    const std::size_t open = stat.find('('), close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 2 >= stat.size())
      continue;  // it ended
    ++view.threads.total;
    if (stat[close + 2] == 'R') ++view.threads.running;
    ++names[stat.substr(open + 1, close - open - 1)];
  }
  for (const auto& [name, count] : names)
    view.threads.names.push_back(count == 1 ? name : fmt::format("{} x{}", name, count));
}

std::size_t cores_of(pid_t pid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(pid, sizeof set, &set) == 0 ? static_cast<std::size_t>(CPU_COUNT(&set)) : 0;
}

}  // namespace

ProcessView look_at(pid_t pid) {
  const fs::path process = fs::path("/proc") / std::to_string(pid);
  std::error_code error;
  if (pid <= 0 || !fs::exists(process, error))
    throw EnvironmentError("no such process", fmt::format("--pid {}", pid));
  ProcessView view;
  view.pid = pid;
  view.command = command_of(process, pid);
  read_maps(process, view);
  read_environment(process, view);
  read_threads(process, view);
  view.cores = cores_of(pid);
  return view;
}

}  // namespace runner::runtime
#endif
