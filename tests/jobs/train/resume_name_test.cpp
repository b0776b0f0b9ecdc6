// --resume where the output has a {timestamp}, and the line that a stopped run tells.
#include <gtest/gtest.h>

#include <thread>

#include "base/file_lock.h"
#include "jobs/train/small_run.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

class ResumeByName : public testing::Test {
 protected:
  // A run of this name as its folder tells it; the launcher looks at no more than that.
  fs::path made(const std::string& name, const std::string& outcome, bool checkpoint = true) const {
    folder_.write(name + "/manifest.json", Json{{"job", "train"}, {"outcome", outcome}}.dump());
    if (checkpoint) fs::create_directories(folder_ / name / "checkpoints/step-000005");
    return folder_ / name;
  }
  ProgramResult resume(const std::string& output, const std::vector<std::string>& more = {}) const {
    return run_runner(small_run(folder_ / output, more), in_source());
  }
  TemporaryFolder folder_;
};

TEST_F(ResumeByName, GoesOnWithTheNewestUnfinishedRun) {
  const fs::path real = folder_ / "a_20260102_000000";
  ASSERT_EQ(resume("a_20260102_000000", {"--max-steps", "6"}).exit_code, 0);
  Json manifest = Json::parse(file_contents(real / "manifest.json"));
  manifest["outcome"] = "interrupted";
  folder_.write("a_20260102_000000/manifest.json", manifest.dump());
  made("a_20260101_000000", "interrupted");
  made("a_20260103_000000", "finished");
  made("a_20260104_000000", "interrupted", false);  // nothing to go on from
  made("b_20260105_000000", "interrupted");         // another name
  made("a_20260105_000000x", "interrupted");
  made("a_20260106_000000", "running");
  const FileLock lock = FileLock::wait(folder_ / "a_20260106_000000/.lock");  // and really is
  const ProgramResult result = resume("a_{timestamp}", {"--resume", "--max-steps", "8"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result_of(result).value("output", ""), real.string());
  EXPECT_EQ(result_of(result).value("steps", 0), 8);
  EXPECT_NE(result.err.find("going on from"), std::string::npos) << result.err;
}

TEST_F(ResumeByName, TakesTheLastOfOneSecondAndOneThatWasKilled) {
  for (const char* name : {"a_20260101_000000", "a_20260101_000000_2", "a_20260101_000000_10"})
    made(name, "running");
  // The made-up checkpoint is damaged: that it is looked at tells which run was taken.
  const ProgramResult result = resume("a_{timestamp}", {"--resume", "--max-steps", "1"});
  EXPECT_NE(result.err.find("a_20260101_000000_10 is the newest unfinished run"), std::string::npos)
      << result.err;
}

TEST_F(ResumeByName, IsRefusedWhenThereIsNone) {
  made("a_20260101_000000", "finished");
  const ProgramResult result = resume("a_{timestamp}", {"--resume"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("--resume: no unfinished run of this name"), std::string::npos) << result.err;
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST(TheLineOfAStoppedRun, GoesOnWithItWhenPasted) {
  const TemporaryFolder folder;
  const std::string output = folder / "a run's $folder";
  std::vector<std::string> command = {
      "timeout", "--preserve-status", "-s", "INT", "4", std::string(RUNNER_BUILD_DIR) + "/runner"};
  const auto arguments =
      small_run(output, {"--set", "train.epochs=500", "--set", "name=it's; one", "--lr", "0.001"});
  command.insert(command.end(), arguments.begin(), arguments.end());
  const ProgramResult stopped = run_program(command, in_source());
  ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
  std::string line;
  std::istringstream lines(stopped.err);
  while (std::getline(lines, line) && line.find("/runner train ") == std::string::npos) {
  }
  ASSERT_NE(line.find("--lr 0.001"), std::string::npos) << stopped.err;
  const ProgramResult pasted = run_program({"sh", "-c", line + " --max-steps 1"}, in_source());
  EXPECT_EQ(pasted.exit_code, 0) << line << pasted.err;
  EXPECT_EQ(result_of(pasted).value("output", ""), output);
  EXPECT_NE(pasted.err.find("going on from"), std::string::npos) << pasted.err;
  EXPECT_EQ(pasted.err.find("changed"), std::string::npos) << pasted.err;
}

}  // namespace
}  // namespace runner::test
