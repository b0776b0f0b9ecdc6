#include "config/common_options.h"

#include <algorithm>
#include <cctype>

namespace runner::config {
namespace {

std::string expected_threads(const std::string& text) {
  const bool digits = !text.empty() && text.size() < 5 &&
                      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
  return text == "auto" || (digits && text != "0") ? "" : "auto or a whole number from 1";
}

}  // namespace

void declare(Binder& b, CommonOptions& o) {
  b.option("job", o.job, "which job this file describes");
  b.option("name", o.name, "names the run and its files; the config's file name unless given");
  auto& e = o.environment;
  b.option("environment.openmp", e.openmp, "when two OpenMP runtimes would meet in one process");
  b.option("environment.threads", e.threads,
           "threads of OpenMP, BLAS and libtorch; auto: the cores this process may use")
      .matches(expected_threads)
      .pattern("auto|[1-9][0-9]{0,3}");
  b.option("environment.restarts", e.restarts, "how often the supervisor resumes a worker that crashed")
      .range(0, 1000);
  b.option("environment.stall_timeout", e.stall_timeout,
           "seconds without progress until the worker is stopped and explained; 0: never")
      .range(0, 1e9);
  b.option("environment.rank_timeout", e.rank_timeout,
           "seconds without a sign of a rank until all others end; also how long they wait for each other at "
           "the start")
      .range(1, 86400);
  b.option("environment.keep", e.keep, "environment variables that the bootstrap leaves as they are");
}

}  // namespace runner::config
