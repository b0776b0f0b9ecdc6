// What a run does when nobody reads what it says any more.
#include <gtest/gtest.h>

#include "jobs/train/small_run.h"
#include "support/terminal.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

std::string outcome_of(const fs::path& run) {
  return Json::parse(file_contents(run / "manifest.json")).value("outcome", "");
}

std::vector<std::string> program(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), std::string(RUNNER_BUILD_DIR) + "/runner");
  return arguments;
}

class TerminalThatGoesAway : public testing::TestWithParam<const char*> {};

TEST_P(TerminalThatGoesAway, SavesTheRun) {
  const TemporaryFolder folder;
  std::vector<std::string> more = {"--set", "train.epochs=500"};
  if (*GetParam() != '\0') more.emplace_back(GetParam());
  ProgramOnTerminal run(program(small_run(folder / "run", more)), RUNNER_SOURCE_DIR, folder / "out");
  ASSERT_TRUE(run.shows("samples ")) << run.seen();  // the live line
  run.close();
  EXPECT_EQ(run.wait(), 143);
  EXPECT_EQ(outcome_of(folder / "run"), "interrupted");
  const ProgramResult resumed = run_runner(
      small_run(folder / "run", {"--resume", "--set", "train.epochs=500", "--max-steps", "1"}), in_source());
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_NE(resumed.err.find("going on from"), std::string::npos) << resumed.err;
}

INSTANTIATE_TEST_SUITE_P(Supervised, TerminalThatGoesAway, testing::Values("", "--no-supervise"),
                         [](const auto& info) { return std::string(*info.param == '\0' ? "Yes" : "No"); });

TEST(TerminalThatGoesAway, LeavesARunUnderNohupGoingOn) {
  const TemporaryFolder folder;
  ProgramOnTerminal run(program(small_run(folder / "run", {"--set", "train.batch_size=4"})),
                        RUNNER_SOURCE_DIR, folder / "out", true);
  ASSERT_TRUE(run.shows("samples ")) << run.seen();
  run.close();
  EXPECT_EQ(run.wait(), 0);
  EXPECT_EQ(outcome_of(folder / "run"), "finished");
  EXPECT_EQ(Json::parse(file_contents(folder / "out")).value("outcome", ""), "finished");
}

class NobodyReads : public testing::TestWithParam<const char*> {};

// The shell's redirection of stderr, with the run's own log on a full disk as well.
TEST_P(NobodyReads, WhatARunSaysAndItEndsWell) {
  const TemporaryFolder folder;
  folder.write("run/manifest.json", R"({"job": "train", "outcome": "failed"})");  // a folder of ours
  fs::create_symlink("/dev/full", folder / "run/train.log");
  const std::string script = std::string("\"$@\" ") + GetParam();
  std::vector<std::string> command = {"bash", "-c", script, "bash"};
  for (const std::string& word : program(small_run(folder / "run"))) command.push_back(word);
  const ProgramResult result = run_program(command, in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result_of(result).value("outcome", ""), "finished");
  EXPECT_EQ(outcome_of(folder / "run"), "finished");
}

std::string name_of(const testing::TestParamInfo<const char*>& info) {
  constexpr const char* names[] = {"FullDisk", "Closed", "ClosedPipe", "PipeThatCloses"};
  return names[info.index];
}

INSTANTIATE_TEST_SUITE_P(On, NobodyReads,
                         testing::Values("2>/dev/full", "2>&-", "2> >(exec true)",
                                         "2> >(head -c 100 >/dev/null)"),
                         name_of);

TEST(ASmallDiskForTensorBoard, CostsItsEventsAndNotTheRun) {
  const TemporaryFolder folder;
  folder.write("run/manifest.json", R"({"job": "train", "outcome": "failed"})");
  fs::create_symlink("/dev/full", folder / "run/tensorboard");  // no folder can be made there
  const ProgramResult result = run_runner(small_run(folder / "run"), in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("the run goes on without it"), std::string::npos) << result.err;
}

class ResultNobodyGets : public testing::TestWithParam<const char*> {};

TEST_P(ResultNobodyGets, IsAFailureOfAFinishedRun) {
  const TemporaryFolder folder;
  std::vector<std::string> command = {"sh", "-c", std::string("\"$@\" ") + GetParam(), "sh"};
  for (const std::string& word : program(small_run(folder / "run", {"--max-steps", "2"})))
    command.push_back(word);
  const ProgramResult result = run_program(command, in_source());
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.err.find("stdout: the result cannot be written"), std::string::npos) << result.err;
  EXPECT_EQ(outcome_of(folder / "run"), "finished");  // the run itself is whole
}

INSTANTIATE_TEST_SUITE_P(On, ResultNobodyGets, testing::Values(">/dev/full", ">&-"), name_of);

}  // namespace
}  // namespace runner::test
