#include <gtest/gtest.h>

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
