#include "environment/address_space.h"

#include <sys/resource.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/progress.h"

namespace runner::runtime {
namespace {

// Measured with OpenBLAS 0.3.21 and two threads: with a job's 18 libraries of 62 MB it hangs below 0.35 GB,
// with training's 290 of 532 MB below 1.05.
constexpr std::uint64_t program = 150'000'000, thread = 64'000'000;

}  // namespace

void check_address_space(std::uint64_t library_bytes, int threads) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  // A library takes more than its file: zeroed data, gaps between its segments.
  const std::uint64_t needed = program + library_bytes / 2 * 3 + static_cast<std::uint64_t>(threads) * thread;
  if (limit.rlim_cur >= needed) return;
  throw EnvironmentError(
      fmt::format(
          "{}; this job's libraries and its {} threads take about {} of them before any work, and OpenBLAS "
          "waits for ever when it gets no more: raise the limit, or set fewer environment.threads",
          memory_limit(), threads, format_bytes(static_cast<double>(needed))),
      "ulimit -v");
}

}  // namespace runner::runtime
