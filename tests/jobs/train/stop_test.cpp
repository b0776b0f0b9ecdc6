#include <gtest/gtest.h>

#include "jobs/train/small_run.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

ProgramResult run_and_signal(const fs::path& output, const char* signal) {
  std::vector<std::string> command = {
      "timeout", "--preserve-status", "-s", signal, "4", std::string(RUNNER_BUILD_DIR) + "/runner"};
  const auto arguments = small_run(output, {"--set", "train.epochs=500"});
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_program(command, in_source());
}

class StopSignals : public testing::TestWithParam<std::pair<const char*, int>> {};

TEST_P(StopSignals, FinishTheStepSaveAndTellTheWay) {
  const TemporaryFolder folder;
  const ProgramResult result = run_and_signal(folder / "run", GetParam().first);
  EXPECT_EQ(result.exit_code, GetParam().second) << result.err;
  EXPECT_NE(result.err.find("go on with --resume --output"), std::string::npos) << result.err;
  const Json manifest = Json::parse(file_contents(folder / "run/manifest.json"));
  EXPECT_EQ(manifest.value("outcome", ""), "interrupted");
  const ProgramResult resumed = run_runner(
      small_run(folder / "run", {"--resume", "--set", "train.epochs=500", "--max-steps", "1"}), in_source());
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_NE(resumed.err.find("going on from"), std::string::npos) << resumed.err;
}

// timeout(1) and service managers signal the launcher and its group: the worker hears of one request twice.
TEST(StopTwice, AtOnceIsOneRequest) {
  const TemporaryFolder folder;
  const std::string script =
      "\"$@\" & pid=$!; sleep 3; kill -TERM $pid; sleep 0.02; kill -TERM $pid; wait $pid";
  std::vector<std::string> command = {"sh", "-c", script, "sh", std::string(RUNNER_BUILD_DIR) + "/runner"};
  const auto arguments = small_run(folder / "run", {"--set", "train.epochs=500"});
  command.insert(command.end(), arguments.begin(), arguments.end());
  const ProgramResult result = run_program(command, in_source());
  EXPECT_EQ(result.exit_code, 143) << result.err;
  EXPECT_NE(result.err.find("go on with --resume --output"), std::string::npos) << result.err;
}

// Nothing has been validated yet, and no step is left to take: the run is judged and written as it is.
TEST(StopInTheFirstEpoch, ResumesWithoutAStepMore) {
  const TemporaryFolder folder;
  const std::string script =
      "run=$1; shift; \"$@\" & pid=$!; while ! ls \"$run\"/checkpoints/step-* >/dev/null 2>&1 && kill -0 "
      "$pid; do "
      "sleep 0.05; done; kill -TERM $pid; wait $pid";
  std::vector<std::string> command = {
      "sh", "-c", script, "sh", (folder / "run").string(), std::string(RUNNER_BUILD_DIR) + "/runner"};
  const auto arguments = small_run(folder / "run", {"--set", "train.batch_size=1"});
  command.insert(command.end(), arguments.begin(), arguments.end());
  const ProgramResult stopped = run_program(command, in_source());
  ASSERT_EQ(stopped.exit_code, 143) << stopped.err;
  const ProgramResult resumed =
      run_runner(small_run(folder / "run", {"--resume", "--set", "train.batch_size=1", "--max-steps", "1"}),
                 in_source());
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_TRUE(result_of(resumed)["samples_per_second"].is_null()) << "no step was timed";
  EXPECT_TRUE(fs::exists(folder / "run/best_model.pt"));
  EXPECT_TRUE(fs::exists(folder / "run/model.safetensors"));
}

INSTANTIATE_TEST_SUITE_P(Both, StopSignals, testing::Values(std::pair{"INT", 130}, std::pair{"TERM", 143}),
                         [](const auto& info) { return std::string(info.param.first); });

}  // namespace
}  // namespace runner::test
