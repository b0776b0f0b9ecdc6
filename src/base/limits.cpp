#include "base/limits.h"

#include <sys/resource.h>

#include "base/log.h"
#include "base/progress.h"

namespace runner {
namespace {

// The soft limit; nothing when there is none, or none that could matter.
std::string allowed(int resource, double matters_below, const char* flag, const char* what, bool bytes) {
  struct rlimit limit {};
  if (::getrlimit(static_cast<decltype(RLIMIT_AS)>(resource), &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return "";
  const auto value = static_cast<double>(limit.rlim_cur);
  if (value >= matters_below) return "";
  return fmt::format("`ulimit {}` allows {} {}", flag,
                     bytes ? format_bytes(value) : fmt::format("{:.0f}", value), what);
}

constexpr double always = 1e300;

}  // namespace

std::string memory_limit() {
  const std::string addresses = allowed(RLIMIT_AS, always, "-v", "of addresses", true);
  return addresses.empty() ? allowed(RLIMIT_DATA, always, "-d", "of data", true) : addresses;
}

std::string file_size_limit() {
  return allowed(RLIMIT_FSIZE, always, "-f", "for a file", true);
}

std::string limits_in_force() {
  std::string text;
  for (const std::string& limit : {memory_limit(), file_size_limit(),
                                   allowed(RLIMIT_CPU, always, "-t", "seconds of processor time", false),
                                   allowed(RLIMIT_NPROC, 1000, "-u", "processes and threads", false),
                                   allowed(RLIMIT_NOFILE, 256, "-n", "open files", false)})
    if (!limit.empty()) text += (text.empty() ? "" : "; ") + limit;
  return text;
}

}  // namespace runner
