// How many threads of a training run are runnable at once.
#include <dirent.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "environment/cpu_limits.h"
#include "jobs/train/small_run.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;

pid_t child_of(pid_t parent) {
  std::ifstream children("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  pid_t child = 0;
  children >> child;
  return child;
}

// Threads in state R; -1 when the process is gone.
int runnable_threads(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/task";
  DIR* tasks = ::opendir(folder.c_str());
  if (tasks == nullptr) return -1;
  int running = 0;
  while (const dirent* entry = ::readdir(tasks)) {
    if (entry->d_name[0] == '.') continue;
    const std::string stat = file_contents(folder + "/" + entry->d_name + "/stat");
    const std::size_t name = stat.rfind(") ");
    running += name != std::string::npos && stat[name + 2] == 'R' ? 1 : 0;
  }
  ::closedir(tasks);
  return running;
}

// What the worker of `runner ARGUMENTS` had runnable at each look: from its first step until it saves its
// first model, which a thread of its own does beside the next steps.
std::vector<int> watch_threads(std::vector<std::string> arguments, const fs::path& run) {
  arguments.insert(arguments.begin(), RUNNER_BUILD_DIR "/runner");
  const pid_t launcher = ::fork();
  if (launcher == 0) {
    if (::chdir(RUNNER_SOURCE_DIR) != 0 || !std::freopen("/dev/null", "w", stdout)) ::_exit(126);
    if (!std::freopen("/dev/null", "w", stderr)) ::_exit(126);
    std::vector<char*> argv;
    for (std::string& word : arguments) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  std::vector<int> looks;
  while (::waitpid(launcher, nullptr, WNOHANG) == 0) {
    const pid_t worker = child_of(launcher);
    const int running = worker > 0 && fs::exists(run / "metrics.jsonl") && !fs::exists(run / "best_model.pt")
                            ? runnable_threads(worker)
                            : -1;
    if (running >= 0) looks.push_back(running);
    ::usleep(1000);  // the watcher leaves the cores to the run
  }
  return looks;
}

// The number that 8 of 10 looks do not exceed: the thread that starts to save a model at the end is not the
// steady state.
int steady(std::vector<int> looks) {
  std::sort(looks.begin(), looks.end());
  return looks[looks.size() * 8 / 10];
}

class SteadyThreads : public testing::TestWithParam<const char*> {};

TEST_P(SteadyThreads, AreNoMoreThanTheCores) {
  const TemporaryFolder folder;
  for (const int cores : {1, runtime::affinity_cores()}) {
    const fs::path run = folder / std::to_string(cores);
    // Wide layers: beside a step of theirs the thread that gathers the next batch has little to do.
    std::vector<std::string> more = {"--max-steps", "20", "--set", std::string("train.engine=") + GetParam()};
    for (const char* setting : {"model.d_model=512", "model.feedforward=2048",
                                "checkpoint.every_steps=100000", "train.log_every=1"})
      more.insert(more.end(), {"--set", setting});
    cpu_set_t all, mask;
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&mask);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&mask) < cores; ++cpu)
      if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &mask);
    ASSERT_EQ(::sched_setaffinity(0, sizeof mask, &mask), 0);
    const std::vector<int> looks = watch_threads(small_run(run, more), run);
    ASSERT_EQ(::sched_setaffinity(0, sizeof all, &all), 0);
    ASSERT_GT(looks.size(), 20U);
    EXPECT_LE(steady(looks), cores);
    EXPECT_GE(*std::max_element(looks.begin(), looks.end()), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, SteadyThreads, testing::Values("plain", "fused"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace runner::test
