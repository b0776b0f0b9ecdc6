// Exact resume, with real kills: the weights at the end are those of an undisturbed run, byte for byte.
#include <gtest/gtest.h>

#include <random>

#include "jobs/train/small_run.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

int kill_cycles() {
  const char* wanted = std::getenv("RUNNER_KILL_CYCLES");
  return wanted != nullptr ? std::atoi(wanted) : 6;
}

TEST(Resume, AfterRandomKillsTheWeightsAreThoseOfAnUndisturbedRun) {
  const TemporaryFolder folder;
  const ProgramResult straight = run_runner(small_run(folder / "straight"), in_source());
  ASSERT_EQ(straight.exit_code, 0) << straight.err;
  std::mt19937 random(20240607);
  std::uniform_real_distribution<double> seconds(0.3, 2.5);
  int killed = 0;
  for (int cycle = 0; cycle < kill_cycles(); ++cycle) {
    const ProgramResult result = run_and_kill(small_run(folder / "killed", {"--resume"}), seconds(random));
    if (result.exit_code == 137) ++killed;
  }
  EXPECT_GT(killed, 0);
  const ProgramResult last = run_runner(small_run(folder / "killed", {"--resume"}), in_source());
  ASSERT_EQ(last.exit_code, 0) << last.err;
  for (const char* file : {"model.safetensors", "final_model.pt", "best_model.pt"})
    EXPECT_TRUE(file_contents(folder / "straight" / file) == file_contents(folder / "killed" / file)) << file;
}

TEST(Resume, ADamagedCheckpointIsNamedAndTheOneBeforeIsTaken) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_runner(small_run(folder / "run", {"--max-steps", "20"}), in_source()).exit_code, 0);
  fs::resize_file(folder / "run/checkpoints/step-000020/tensors.bin", 1000);
  const ProgramResult result =
      run_runner(small_run(folder / "run", {"--resume", "--max-steps", "25"}), in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("step-000020: damaged checkpoint"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("step-000015"), std::string::npos) << result.err;
}

TEST(Resume, AChangedConfigIsRefusedByName) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_runner(small_run(folder / "run", {"--max-steps", "6"}), in_source()).exit_code, 0);
  const ProgramResult seed =
      run_runner(small_run(folder / "run", {"--resume", "--max-steps", "9", "--seed", "7"}), in_source());
  EXPECT_EQ(seed.exit_code, 2);
  EXPECT_NE(seed.err.find("seed: \"42\", now \"7\""), std::string::npos) << seed.err;
  const ProgramResult rate =
      run_runner(small_run(folder / "run", {"--resume", "--max-steps", "9", "--lr", "0.001"}), in_source());
  EXPECT_EQ(rate.exit_code, 2);
  EXPECT_NE(rate.err.find("--allow-changed lets it pass"), std::string::npos) << rate.err;
  const ProgramResult allowed = run_runner(
      small_run(folder / "run", {"--resume", "--max-steps", "9", "--lr", "0.001", "--allow-changed"}),
      in_source());
  EXPECT_EQ(allowed.exit_code, 0) << allowed.err;
}

TEST(Resume, AFinishedRunSaysSoAndMoreEpochsGoOn) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_runner(small_run(folder / "run"), in_source()).exit_code, 0);
  const ProgramResult again = run_runner(small_run(folder / "run", {"--resume"}), in_source());
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(result_of(again).value("outcome", ""), "finished already");
  const ProgramResult more = run_runner(
      small_run(folder / "run", {"--resume", "--set", "train.epochs=3", "--allow-changed"}), in_source());
  EXPECT_EQ(more.exit_code, 0) << more.err;
  EXPECT_EQ(result_of(more).value("epochs", 0), 3);
}

TEST(Resume, WithoutACheckpointItStartsFromTheBeginning) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_runner(small_run(folder / "run", {"--resume=auto", "--max-steps", "2"}), in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("starting from the beginning"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace runner::test
