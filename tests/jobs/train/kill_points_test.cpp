// A real run is really killed in front of each call that changes its folder; resumed, it is the undisturbed
// one.
#include <gtest/gtest.h>

#include <sstream>

#include "jobs/train/run_compare.h"
#include "jobs/train/small_run.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

// How many of the calls, spread over the run; RUNNER_KILL_POINTS=all takes each.
std::size_t points(std::size_t calls) {
  const char* wanted = std::getenv("RUNNER_KILL_POINTS");
  if (wanted == nullptr) return 7;
  return std::string(wanted) == "all" ? calls : static_cast<std::size_t>(std::atoi(wanted));
}

// 8 steps an epoch: a checkpoint by steps falls on the epoch's end as well.
std::vector<std::string> tiny_run(const fs::path& output) {
  return small_run(
      output, {"--resume", "--quiet", "--set", "train.batch_size=256", "--set", "checkpoint.every_steps=4",
               "--set", "train.log_every=2", "--set", "model.d_model=16"});
}

ProgramResult run_with(const fs::path& output, const std::map<std::string, std::string>& more) {
  ProgramOptions options = in_source();
  options.environment = more;
  options.environment["LD_PRELOAD"] = RUNNER_BUILD_DIR "/tests/libinject_faults.so";
  options.environment["FAULT_IN"] = "worker";
  options.environment["FAULT"] = "kill";
  options.environment["FAULT_CALLS"] = "create,rename,mkdir,unlink,symlink,link,fsync";
  options.environment["FAULT_UNDER"] = output.parent_path().string();
  return run_runner(tiny_run(output), options);
}

std::string outcome_of(const fs::path& run) {
  const ProgramResult shown = run_runner({"runs", "show", run.string(), "--json"});
  return shown.exit_code == 0 ? Json::parse(shown.out).value("outcome", "") : "";
}

TEST(KilledAtACall, ARunResumedIsTheUndisturbedOne) {
  const TemporaryFolder folder, notes;
  const fs::path run = folder / "run", straight = notes / "straight", log = notes / "calls";
  const ProgramResult undisturbed = run_with(run, {{"FAULT_LOG", log.string()}});
  ASSERT_EQ(undisturbed.exit_code, 0) << undisturbed.err;
  fs::rename(run, straight);
  fs::remove(folder / "latest");
  std::vector<std::string> calls;
  std::istringstream lines(file_contents(log));
  for (std::string line; std::getline(lines, line);) calls.push_back(line);
  ASSERT_GT(calls.size(), 50u);

  const std::size_t count = std::min(points(calls.size()), calls.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t call = calls.size() - i * calls.size() / count;  // the last one, the manifest's, first
    SCOPED_TRACE("killed at call " + std::to_string(call) + ": " + calls[call - 1]);
    const ProgramResult killed = run_with(run, {{"FAULT_AT", std::to_string(call)}});
    if (killed.exit_code == 0) continue;  // the writer beside the loop got by with fewer calls this time
    ASSERT_EQ(killed.exit_code, 137) << killed.err;
    EXPECT_NE(outcome_of(run), "running");
    const ProgramResult resumed = run_runner(tiny_run(run), in_source());
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(difference(straight, run), "");
    EXPECT_EQ(fs::read_symlink(folder / "latest"), "run");
    for (const auto& entry : fs::directory_iterator(folder.path()))
      EXPECT_TRUE(entry.path().filename() == "run" || entry.path().filename() == "latest") << entry.path();
    fs::remove_all(run);
    fs::remove(folder / "latest");
  }
}

}  // namespace
}  // namespace runner::test
