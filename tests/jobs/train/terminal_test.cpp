// What a run does when nobody reads what it says any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/train/small_run.h"
#include "support/terminal.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

std::string told_outcome(const fs::path& run) {
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
  EXPECT_EQ(told_outcome(folder / "run"), "interrupted");
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
  EXPECT_EQ(told_outcome(folder / "run"), "finished");
  EXPECT_EQ(Json::parse(file_contents(folder / "out")).value("outcome", ""), "finished");
}

// 2014 windows in steps of 4.
TEST(TheLiveLine, CountsTheWholeRun) {
  const TemporaryFolder folder;
  ProgramOnTerminal run(program(small_run(folder / "run", {"--set", "train.batch_size=4"})),
                        RUNNER_SOURCE_DIR, folder / "out");
  EXPECT_TRUE(run.shows("/4028 samples")) << run.seen();
  EXPECT_NE(run.seen().find("epoch 1/2 ["), std::string::npos) << run.seen();
  ProgramOnTerminal cut(
      program(small_run(folder / "cut", {"--set", "train.batch_size=4", "--max-steps", "600"})),
      RUNNER_SOURCE_DIR, folder / "out");
  EXPECT_TRUE(cut.shows("/2398 samples")) << cut.seen();
}

// Of all 500 epochs, by the rate so far; the run is long enough for one to be there.
TEST(TheLiveLine, TellsTheTimeThatIsLeftOfTheWholeRun) {
  const TemporaryFolder folder;
  ProgramOnTerminal run(
      program(small_run(folder / "run", {"--set", "train.batch_size=4", "--set", "train.epochs=500"})),
      RUNNER_SOURCE_DIR, folder / "out", false, 120);
  ASSERT_TRUE(run.shows(" left ")) << run.seen();
  EXPECT_THAT(run.seen(), testing::ContainsRegex(
                              "epoch [0-9]+/500 \\[.* %  [0-9]+/1007000 samples .*[0-9]:[0-9][0-9] left "));
}

// Warnings of the sample's data among them; the live line has tests of its own.
TEST(ALogOnATerminal, IsBrokenAtBlanks) {
  const TemporaryFolder folder;
  ProgramOnTerminal run(program(small_run(folder / "run", {"--set", "train.epochs=1"})), RUNNER_SOURCE_DIR,
                        folder / "out", false, 60);
  EXPECT_TRUE(run.shows("train     ")) << run.seen();
  EXPECT_THAT(run.seen(), testing::ContainsRegex("warning[^\r\n]*\r\n         [a-z]"));
  EXPECT_THAT(run.seen(), testing::Not(testing::ContainsRegex("warning[^\r\n]{52,}")));
}

// The machine's own right to mount something, or that of a user in a namespace; not every one gives it.
bool can_mount() {
  return run_program({"unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"}).exit_code == 0;
}

// `runner` with `arguments`, after `preparation` (shell; $1 is `place`) with mounts that nobody else sees.
ProgramResult run_after_mounts(const std::string& preparation, const fs::path& place,
                               const std::vector<std::string>& arguments) {
  const std::string script = preparation + "; shift; exec \"$@\"";
  std::vector<std::string> command = {"unshare", "-rm", "sh", "-ec", script, "sh", place.string()};
  for (const std::string& word : program(arguments)) command.push_back(word);
  return run_program(command, in_source());
}

class NobodyReads : public testing::TestWithParam<const char*> {};

// The shell's redirection of stderr, without a log of the run's own as well.
TEST_P(NobodyReads, WhatARunSaysAndItEndsWell) {
  const TemporaryFolder folder;
  folder.write("run/manifest.json", R"({"job": "train", "outcome": "failed"})");  // a folder of ours
  fs::create_symlink("/dev/full", folder / "run/train.log");  // a link: nothing is written there
  const std::string script = std::string("\"$@\" ") + GetParam();
  std::vector<std::string> command = {"bash", "-c", script, "bash"};
  for (const std::string& word : program(small_run(folder / "run"))) command.push_back(word);
  const ProgramResult result = run_program(command, in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result_of(result).value("outcome", ""), "finished");
  EXPECT_EQ(told_outcome(folder / "run"), "finished");
}

std::string name_of(const testing::TestParamInfo<const char*>& info) {
  constexpr const char* names[] = {"FullDisk", "Closed", "ClosedPipe", "PipeThatCloses"};
  return names[info.index];
}

INSTANTIATE_TEST_SUITE_P(On, NobodyReads,
                         testing::Values("2>/dev/full", "2>&-", "2> >(exec true)",
                                         "2> >(head -c 100 >/dev/null)"),
                         name_of);

TEST(ALogThatIsALink, IsNotWrittenThrough) {
  const TemporaryFolder folder;
  folder.write("run/manifest.json", R"({"job": "train", "outcome": "failed"})");
  folder.write("theirs", "notes\n");
  fs::create_symlink(folder / "theirs", folder / "run/train.log");
  const ProgramResult result = run_runner(small_run(folder / "run", {"--max-steps", "1"}), in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(file_contents(folder / "theirs"), "notes\n");
  EXPECT_NE(result.err.find("train.log: is a link"), std::string::npos) << result.err;
}

// One page for the log and one for the events.
TEST(ASmallDisk, CostsLogAndEventsAndNotTheRun) {
  if (!can_mount()) GTEST_SKIP() << "nothing can be mounted here";
  const TemporaryFolder folder;
  folder.write("run/manifest.json", R"({"job": "train", "outcome": "failed"})");
  const std::string full =
      "cd \"$1\"; mkdir log run/tensorboard; mount -t tmpfs -o size=4k none log; "
      "mount -t tmpfs -o size=4k none run/tensorboard; head -c 4096 /dev/zero >log/file; touch "
      "run/train.log; "
      "mount --bind log/file run/train.log; cd - >/dev/null";
  const ProgramResult result =
      run_after_mounts(full, folder.path(), small_run(folder / "run", {"--set", "train.log_every=1"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result_of(result).value("outcome", ""), "finished");
  EXPECT_NE(result.err.find("lines of the log get lost"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("the run goes on without it"), std::string::npos) << result.err;
}

TEST(ASmallDisk, OfTheWholeRunEndsItWithTheReasonAndLeavesTheLastCheckpoint) {
  if (!can_mount()) GTEST_SKIP() << "nothing can be mounted here";
  const TemporaryFolder folder;
  fs::create_directory(folder / "run");
  // What the mount holds is gone with it: kept in a copy.
  const std::string script =
      "run=$1; kept=$2; shift 2; mount -t tmpfs -o size=4m none \"$run\"; code=0; \"$@\" || code=$?; cp -a "
      "\"$run/.\" \"$kept\"; exit $code";
  std::vector<std::string> command = {
      "unshare", "-rm", "sh", "-ec", script, "sh", (folder / "run").string(), (folder / "kept").string()};
  for (const std::string& word : program(small_run(folder / "run"))) command.push_back(word);
  fs::create_directory(folder / "kept");
  const ProgramResult full = run_program(command, in_source());
  EXPECT_EQ(full.exit_code, 1) << full.err;
  EXPECT_NE(full.err.find("No space left on device"), std::string::npos) << full.err;
  EXPECT_NE(full.err.find("--resume --output " + (folder / "run").string()), std::string::npos) << full.err;
  EXPECT_NE(told_outcome(folder / "kept"), "running");
  const ProgramResult on = run_runner(small_run(folder / "kept", {"--resume"}), in_source());
  EXPECT_EQ(on.exit_code, 0) << on.err;
  EXPECT_NE(on.err.find("going on from"), std::string::npos) << on.err;
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
  EXPECT_EQ(told_outcome(folder / "run"), "finished");  // the run itself is whole
}

INSTANTIATE_TEST_SUITE_P(On, ResultNobodyGets, testing::Values(">/dev/full", ">&-"), name_of);

}  // namespace
}  // namespace runner::test
