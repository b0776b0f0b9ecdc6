// Exact resume, with real kills: the weights at the end are those of an undisturbed run, byte for byte.
#include <gtest/gtest.h>

#include <random>

#include "jobs/train/run_compare.h"
#include "jobs/train/small_run.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

int kill_cycles() {
  const char* wanted = std::getenv("RUNNER_KILL_CYCLES");
  return wanted != nullptr ? std::atoi(wanted) : 6;
}

TEST(Resume, AfterRandomKillsTheRunIsAnUndisturbedOne) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run", undisturbed = folder / "undisturbed";
  const ProgramResult straight = run_runner(small_run(run), in_source());
  ASSERT_EQ(straight.exit_code, 0) << straight.err;
  fs::rename(run, undisturbed);  // the same path for both: it is in their files
  std::mt19937 random(20240607);
  std::uniform_real_distribution<double> seconds(0.3, 2.5);
  int killed = 0;
  for (int cycle = 0; cycle < kill_cycles(); ++cycle) {
    const ProgramResult result = run_and_kill(small_run(run, {"--resume"}), seconds(random));
    if (result.exit_code == 137) ++killed;
  }
  EXPECT_GT(killed, 0);
  const ProgramResult last = run_runner(small_run(run, {"--resume"}), in_source());
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(difference(undisturbed, run), "");
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
  EXPECT_GT(result_of(again).value("samples_per_second", 0.0), 0);
  EXPECT_GT(result_of(again).value("best_val_loss", 0.0), 0);
  const ProgramResult other = run_runner(small_run(folder / "run", {"--resume", "--seed", "7"}), in_source());
  EXPECT_EQ(other.exit_code, 2) << other.err;
  const ProgramResult more = run_runner(
      small_run(folder / "run", {"--resume", "--set", "train.epochs=3", "--allow-changed"}), in_source());
  EXPECT_EQ(more.exit_code, 0) << more.err;
  EXPECT_EQ(result_of(more).value("epochs", 0), 3);
}

TEST(Resume, AnEpochThatMaxStepsHadCutIsOneEpoch) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_runner(small_run(folder / "run", {"--max-steps", "20"}), in_source()).exit_code, 0);
  const ProgramResult rest = run_runner(small_run(folder / "run", {"--resume"}), in_source());
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_EQ(result_of(rest).value("epochs", 0), 2);
  ASSERT_EQ(run_runner(small_run(folder / "straight"), in_source()).exit_code, 0);
  EXPECT_TRUE(file_contents(folder / "straight/final_model.pt") ==
              file_contents(folder / "run/final_model.pt"));
}

TEST(Resume, TheSameDataInAnotherPlaceIsTheSame) {
  const TemporaryFolder folder;
  const fs::path sample = fs::path(RUNNER_SOURCE_DIR) / "artifacts/sample/cppdocs_768.npz";
  fs::copy_file(sample, folder / "copy.npz");
  ASSERT_EQ(run_runner(small_run(folder / "run", {"--npz", sample.string(), "--max-steps", "3"}), in_source())
                .exit_code,
            0);
  const ProgramResult result = run_runner(
      small_run(folder / "run", {"--npz", (folder / "copy.npz").string(), "--max-steps", "5", "--resume"}),
      in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result_of(result).value("steps", 0), 5);
}

TEST(Resume, ANamedFolderMustBeThatOfARun) {
  const TemporaryFolder folder;
  const auto resume = [&](const fs::path& named) {
    return run_runner(small_run(folder / "other", {"--resume=" + named.string(), "--max-steps", "3"}),
                      in_source());
  };
  EXPECT_EQ(resume(folder / "nosuch").exit_code, 2);
  EXPECT_FALSE(fs::exists(folder / "nosuch"));
  ASSERT_EQ(run_runner(small_run(folder / "run", {"--max-steps", "2"}), in_source()).exit_code, 0);
  const ProgramResult inside = resume(folder / "run/checkpoints/step-000002");
  EXPECT_EQ(inside.exit_code, 2);
  EXPECT_NE(inside.err.find("--resume=" + (folder / "run").string() + " "), std::string::npos) << inside.err;
  fs::resize_file(folder / "run/checkpoints/step-000002/tensors.bin", 1000);
  EXPECT_EQ(resume(folder / "run").exit_code, 3);
}

TEST(FreshStart, AFinishedRunsCheckpointsDoNotGetInItsWay) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_runner(small_run(folder / "run", {"--max-steps", "20"}), in_source()).exit_code, 0);
  const std::vector<std::string> other = {"--seed", "7", "--max-steps", "4"};
  ASSERT_EQ(run_runner(small_run(folder / "run", other), in_source()).exit_code, 0);
  const ProgramResult on =
      run_runner(small_run(folder / "run", {"--seed", "7", "--max-steps", "6", "--resume"}), in_source());
  EXPECT_EQ(on.exit_code, 0) << on.err;
  EXPECT_NE(on.err.find("(step 4)"), std::string::npos) << on.err;
  EXPECT_EQ(file_contents(folder / "run/metrics.jsonl").find("\"step\":20"), std::string::npos);
}

TEST(FreshStart, AnUnfinishedRunsCheckpointsAreKeptAside) {
  const TemporaryFolder folder;
  const fs::path checkpoints = folder / "run/checkpoints";
  const std::vector<std::string> endless = {"--set", "train.epochs=1000"};
  for (int seconds = 2; seconds < 9 && (!fs::exists(checkpoints) || fs::is_empty(checkpoints)); ++seconds)
    run_and_kill(small_run(folder / "run", endless), seconds);
  ASSERT_FALSE(fs::is_empty(checkpoints));
  const ProgramResult fresh = run_runner(small_run(folder / "run", {"--max-steps", "2"}), in_source());
  EXPECT_EQ(fresh.exit_code, 0) << fresh.err;
  EXPECT_NE(fresh.err.find("checkpoints.old"), std::string::npos) << fresh.err;
  EXPECT_EQ(result_of(fresh).value("steps", 0), 2);
  fs::remove_all(checkpoints);
  fs::rename(folder / "run/checkpoints.old", checkpoints);
  const ProgramResult back = run_runner(
      small_run(folder / "run", {"--set", "train.epochs=1000", "--resume", "--max-steps", "3"}), in_source());
  EXPECT_EQ(back.exit_code, 0) << back.err;
  EXPECT_NE(back.err.find("going on from"), std::string::npos) << back.err;
}

TEST(Resume, ADamagedBestCheckpointIsReplacedByTheModelFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_runner(small_run(folder / "run"), in_source()).exit_code, 0);
  const std::string best = file_contents(folder / "run/model.safetensors");
  for (const auto& entry : fs::directory_iterator(folder / "run/checkpoints"))
    if (entry.path().filename().string().rfind("best-", 0) == 0)
      fs::resize_file(entry.path() / "tensors.bin", 1000);
  // So small a rate changes nothing: the damaged one stays the best.
  const ProgramResult more = run_runner(
      small_run(folder / "run", {"--resume", "--set", "train.epochs=3", "--lr", "1e-20", "--allow-changed"}),
      in_source());
  EXPECT_EQ(more.exit_code, 0) << more.err;
  EXPECT_NE(more.err.find("the best weights are taken from"), std::string::npos) << more.err;
  EXPECT_TRUE(file_contents(folder / "run/model.safetensors") == best);
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
