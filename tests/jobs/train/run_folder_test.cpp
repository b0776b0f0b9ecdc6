#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "jobs/train/small_run.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

class RunFolder : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<TemporaryFolder>();
    program = run_runner(small_run(*folder / "run"), in_source());
  }
  static void TearDownTestSuite() { folder.reset(); }
  static std::unique_ptr<TemporaryFolder> folder;
  static ProgramResult program;
};
std::unique_ptr<TemporaryFolder> RunFolder::folder;
ProgramResult RunFolder::program;

TEST_F(RunFolder, HoldsEveryFileOfTheInterface) {
  ASSERT_EQ(program.exit_code, 0) << program.err;
  for (const char* name : {"manifest.json", "config.yaml", "training_history.json", "best_model.pt",
                           "final_model.pt", "model.safetensors", "config.json", "checkpoints",
                           "metrics.jsonl", "tensorboard", "report.html", "train.log"})
    EXPECT_TRUE(fs::exists(*folder / "run" / name)) << name;
  EXPECT_EQ(fs::read_symlink(*folder / "latest"), "run");
}

TEST_F(RunFolder, TheResultNamesTheFiguresOfTheInterface) {
  const Json result = result_of(program);
  for (const char* key : {"output", "best_val_loss", "best_val_cosine", "epochs", "steps",
                          "samples_per_second", "device", "precision", "wall_s", "outcome"})
    EXPECT_TRUE(result.contains(key)) << key << program.out;
  EXPECT_EQ(result.value("steps", 0), 64);
  EXPECT_EQ(result.value("outcome", ""), "finished");
}

TEST_F(RunFolder, TheHistoryHasEveryMetricAndTheLossFalls) {
  const Json history = Json::parse(file_contents(*folder / "run/training_history.json"))["history"];
  ASSERT_EQ(history.size(), 2u);
  for (const char* key : {"train_loss", "train_cosine", "loss_mse", "loss_dir", "rho", "confidence",
                          "val_loss", "val_cosine", "margin", "r_at_1", "r_at_5", "legacy_r5", "lr",
                          "step_ms", "samples_per_second", "first_step_ms", "rss_mb"})
    EXPECT_TRUE(history[0].contains(key)) << key;
  EXPECT_LT(history[1]["train_loss"].get<double>(), history[0]["train_loss"].get<double>());
}

TEST_F(RunFolder, TheManifestTellsConfigDataEnvironmentAndOutcome) {
  const Json manifest = Json::parse(file_contents(*folder / "run/manifest.json"));
  EXPECT_EQ(manifest.value("outcome", ""), "finished");
  EXPECT_EQ(manifest["data"]["files"][0]["xxh64"].get<std::string>().size(), 16u);
  EXPECT_TRUE(manifest["launch"].contains("environment"));
  EXPECT_TRUE(manifest["launch"].contains("loaded"));
  EXPECT_NE(manifest["config"].get<std::string>().find("batch_size: 64"), std::string::npos);
}

TEST_F(RunFolder, TheSameSeedGivesTheSameBytesAndAnotherSeedDoesNot) {
  ASSERT_EQ(run_runner(small_run(*folder / "again"), in_source()).exit_code, 0);
  EXPECT_TRUE(file_contents(*folder / "run/model.safetensors") ==
              file_contents(*folder / "again/model.safetensors"));
  ASSERT_EQ(run_runner(small_run(*folder / "other", {"--seed", "7"}), in_source()).exit_code, 0);
  EXPECT_FALSE(file_contents(*folder / "run/model.safetensors") ==
               file_contents(*folder / "other/model.safetensors"));
}

// Several trainings started in the same second: each has its own folder, model and configuration.
TEST_F(RunFolder, UnderATimeIsNewEachTime) {
  const fs::path place = *folder / "timed";
  std::vector<ProgramResult> runs(3);
  std::vector<std::thread> threads;
  for (ProgramResult& run : runs)
    threads.emplace_back([&] {
      run = run_runner(small_run(place / "r_{timestamp}", {"--max-steps", "1"}), in_source());
    });
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> outputs;
  for (const ProgramResult& run : runs) {
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const std::string output = result_of(run)["output"];
    outputs.insert(output);
    EXPECT_TRUE(fs::exists(fs::path(output) / "best_model.pt"));
    EXPECT_NE(file_contents(fs::path(output) / "config.yaml").find("output: " + output), std::string::npos);
  }
  EXPECT_EQ(outputs.size(), runs.size());
}

TEST_F(RunFolder, ThatWasNewAndGotNothingIsRemovedAgain) {
  TemporaryFolder other;
  other.write("bad.npz", "no data");
  const ProgramResult run = run_runner(
      small_run(other / "runs/r_{timestamp}", {"--npz", (other / "bad.npz").string()}), in_source());
  EXPECT_EQ(run.exit_code, 3) << run.err;
  EXPECT_TRUE(fs::is_empty(other / "runs"));
}

TEST_F(RunFolder, OfSomebodyElseIsRefusedAndLeftAsItIs) {
  const std::pair<const char*, const char*> files[] = {{"manifest.json", "{\"name\": \"a web app\"}"},
                                                       {"config.yaml", "port: 80\n"},
                                                       {"config.yaml", "job: train\n# written by hand\n"},
                                                       {"config.json", "{\"architectures\": [\"Bert\"]}"},
                                                       {"model.safetensors", "somebody's"},
                                                       {"checkpoints/epoch1.pt", "somebody's"}};
  for (const auto& [name, text] : files) {
    const TemporaryFolder theirs;
    theirs.write(name, text);
    const ProgramResult run = run_runner(small_run(theirs.path()), in_source());
    EXPECT_EQ(run.exit_code, 2) << name << run.err;
    EXPECT_NE(run.err.find("not of a training run"), std::string::npos) << run.err;
    EXPECT_EQ(file_contents(theirs / name), text);
    EXPECT_EQ(std::distance(fs::directory_iterator(theirs.path()), fs::directory_iterator()), 1) << name;
  }
}

// Noticed before the first step, and not when the first epoch's model is to be written.
TEST_F(RunFolder, WhoseFilesAreLinksIsRefused) {
  for (const char* name : {"best_model.pt", "metrics.jsonl", "config.json"}) {
    const TemporaryFolder mine;
    mine.write("run/manifest.json", R"({"job": "train", "outcome": "failed"})");
    mine.write("theirs", "somebody's");
    fs::create_symlink(mine / "theirs", mine / "run" / name);
    const ProgramResult run = run_runner(small_run(mine / "run"), in_source());
    EXPECT_EQ(run.exit_code, 2) << run.err;
    EXPECT_NE(run.err.find(std::string(name) + ": is a link"), std::string::npos) << run.err;
    EXPECT_EQ(file_contents(mine / "theirs"), "somebody's");
  }
}

TEST_F(RunFolder, WithOtherPeoplesNotesIsGoodEnough) {
  const TemporaryFolder mine;
  mine.write("run/notes.txt", "lr 1e-4 was better");
  EXPECT_EQ(run_runner(small_run(mine / "run", {"--max-steps", "1"}), in_source()).exit_code, 0);
  EXPECT_EQ(file_contents(mine / "run/notes.txt"), "lr 1e-4 was better");
}

TEST_F(RunFolder, AnotherRunCanStartFromItsWeights) {
  const ProgramResult result = run_runner(
      small_run(*folder / "init", {"--init", (*folder / "run/best_model.pt").string(), "--max-steps", "1"}),
      in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const ProgramResult wrong =
      run_runner(small_run(*folder / "wrong",
                           {"--init", (*folder / "run/best_model.pt").string(), "--set", "model.layers=1"}),
                 in_source());
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("unexpected transformer_decoder.layers.1"), std::string::npos) << wrong.err;
  EXPECT_NE(wrong.err.find("--set model.layers=2"), std::string::npos) << wrong.err;
  const ProgramResult heads =
      run_runner(small_run(*folder / "wrong",
                           {"--init", (*folder / "run/best_model.pt").string(), "--set", "model.heads=8"}),
                 in_source());
  EXPECT_EQ(heads.exit_code, 2);
  EXPECT_NE(heads.err.find("--set model.heads=4"), std::string::npos) << heads.err;
}

}  // namespace
}  // namespace runner::test
