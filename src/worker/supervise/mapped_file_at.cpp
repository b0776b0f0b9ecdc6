#include "worker/supervise/mapped_file_at.h"

#include <cstdio>
#include <fstream>

#include "base/log.h"

namespace runner::runtime {
namespace {

// The kernel writes a line break in a name as \012.
std::string unescaped(std::string name) {
  for (std::size_t at = 0; (at = name.find("\\012", at)) != std::string::npos; ++at)
    name.replace(at, 4, "\n");
  return name;
}

}  // namespace

std::string mapped_file_at(pid_t pid, std::uintptr_t address) {
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  for (std::string line; std::getline(maps, line);) {
    // 7f0a…000-7f0a…fff r--s 00000000 fe:01 1234       /path
    unsigned long begin = 0, end = 0;
    char rights[5] = "";
    int name = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %*s %n", &begin, &end, rights, &name) < 3) continue;
    if (address < begin || address >= end) continue;
    return rights[3] == 's' && name > 0 ? unescaped(line.substr(static_cast<std::size_t>(name))) : "";
  }
  return "";
}

}  // namespace runner::runtime
