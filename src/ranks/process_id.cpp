#include "ranks/process_id.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "base/log.h"

namespace runner::ranks {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

// Boot and namespace: process numbers mean the same where both are the same.
std::string world() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id") >> std::ws, boot);
  char space[64] = "";
  if (boot.empty() || ::readlink("/proc/self/ns/pid", space, sizeof space - 1) <= 0) return "";
  // A /proc of another namespace, as a container may have it, counts otherwise.
  char self[32] = "";
  if (::readlink("/proc/self", self, sizeof self - 1) <= 0 || std::to_string(::getpid()) != self) return "";
  return boot + " " + space;
}

// When a process started, in ticks since the boot; empty for one that is no more, a zombie included.
std::string start_of(const std::string& process) {
  std::string line;
  std::getline(std::ifstream("/proc/" + process + "/stat"), line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return "";
  const std::vector<std::string> rest = words_of(line.substr(name_end + 1));  // from field 3, the state, on
  if (rest.size() < 20 || rest[0] == "Z" || rest[0] == "X") return "";
  return rest[19];
}

}  // namespace

std::string own_process() {
  const std::string where = world(), number = std::to_string(::getpid()), start = start_of(number);
  return where.empty() || start.empty() ? "" : fmt::format("{} {} {}", where, number, start);
}

bool has_ended(const std::string& process) {
  const std::vector<std::string> words = words_of(process);
  if (words.size() != 4 || words[0] + " " + words[1] != world()) return false;
  return start_of(words[2]) != words[3];
}

}  // namespace runner::ranks
