// A launcher as small as can be: reads a request as JSON from stdin, launches it, and is its own worker.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "worker/launch/launch.h"
#include "worker/launch/worker.h"

// libgomp asks for it when OMP_DYNAMIC is true; the program's own function goes before the C library's.
extern "C" int getloadavg(double* averages, int count) noexcept {
  const double load = std::getenv("BUSY_MACHINE") == nullptr ? 0 : 99;
  for (int i = 0; i < count; ++i) averages[i] = load;
  return count;
}

namespace {

runner::runtime::LaunchRequest read_request() {
  const runner::Json json = runner::Json::parse(std::cin);
  runner::runtime::LaunchRequest request;
  request.context.job = "test";
  request.context.config = json.value("config", "job: test\n");
  request.context.config_with_origins = runner::json_text(json.value("arguments", runner::Json::object()));
  request.context.json = json.value("json", false);
  request.plugin = json.value("plugin", "librunner_test_plugin");
  for (const auto& part : json.value("parts", runner::Json::array()))
    request.parts.push_back({part[0], part[1]});
  request.device = json.value("device", "");
  request.environment.openmp =
      runner::from_word<runner::OpenMpPolicy>(json.value("openmp", "isolate")).value();
  request.environment.threads = json.value("threads", "auto");
  request.environment.keep = json.value("keep", std::vector<std::string>{});
  request.environment.restarts = json.value("restarts", 0);
  request.environment.stall_timeout = json.value("stall_timeout", 0.0);
  request.supervise = json.value("supervise", true);
  request.explain_env = json.value("explain_env", false);
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  runner::setup_logging(runner::Verbosity::normal);
  try {
    if (argc == 3 && std::strcmp(argv[1], "--worker") == 0)
      return runner::runtime::worker_main(std::atoi(argv[2]));
    return runner::runtime::launch_job(read_request());
  } catch (const runner::Error& error) {
    std::fprintf(stderr, "runner: %s\n", error.line().c_str());
    return static_cast<int>(error.code());
  }
}
