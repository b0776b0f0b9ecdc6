// model.residual, loss.recipe: cosine and scheduler.type: warmup_cosine in real runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/train/small_run.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

// The residual configuration with a tiny model.
std::vector<std::string> residual_run(const std::filesystem::path& output,
                                      std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = small_run(output, std::move(more));
  *std::find(arguments.begin(), arguments.end(), "configs/p6b_v23.yaml") = "configs/lvm_residual.yaml";
  return arguments;
}

// The last layer starts at zero: after a step of a rate of next to nothing the model still is its base.
TEST(ResidualRun, EveryModelStartsAtItsBaseline) {
  const TemporaryFolder folder;
  for (const char* type : {"transformer", "lstm", "gru", "amn"})
    for (const std::string kind : {"last", "mean", "learned"}) {
      const ProgramResult run = run_runner(
          residual_run(folder / (type + kind),
                       {"--max-steps", "1", "--lr", "1e-12", "--set", std::string("model.type=") + type,
                        "--set", "model.residual=" + kind, "--set", "scheduler.type=none"}),
          in_source());
      ASSERT_EQ(run.exit_code, 0) << type << kind << run.err;
      const Json result = result_of(run);
      const char* baseline = kind == "last" ? "copy_last" : "context_mean";
      EXPECT_NEAR(result["best_val_cosine"].get<double>(),
                  result["baselines"][baseline]["val_cosine"].get<double>(), 1e-5)
          << type << kind;
    }
}

TEST(ResidualRun, IsNeverFarBelowTheMeanThatItStartsAt) {
  const TemporaryFolder folder;
  const ProgramResult run =
      run_runner(residual_run(folder / "run", {"--set", "scheduler.warmup_steps=10"}), in_source());
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json result = result_of(run);
  EXPECT_GT(result["best_val_cosine"].get<double>(),
            result["baselines"]["context_mean"]["val_cosine"].get<double>() - 0.002);
}

TEST(ResidualRun, GoesOnBitForBitWithItsLearntWeights) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_runner(residual_run(folder / "whole"), in_source()).exit_code, 0);
  ASSERT_EQ(run_runner(residual_run(folder / "parts", {"--max-steps", "21"}), in_source()).exit_code, 0);
  ASSERT_EQ(run_runner(residual_run(folder / "parts", {"--resume"}), in_source()).exit_code, 0);
  EXPECT_THAT(file_contents(folder / "parts/model.safetensors"), HasSubstr("residual.weights"));
  // The kept model may differ: the cut epoch was judged too. Weights and moments at the end may not.
  const char* end = "checkpoints/step-000064/tensors.bin";
  EXPECT_TRUE(file_contents(folder / "whole" / end) == file_contents(folder / "parts" / end));
}

TEST(ResidualRun, ItsFilesAreReadBackAndJudgedTheSame) {
  const TemporaryFolder folder;
  const ProgramResult run = run_runner(residual_run(folder / "run"), in_source());
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json trained = result_of(run);
  const Json config = Json::parse(file_contents(folder / "run/config.json"));
  const Json history = Json::parse(file_contents(folder / "run/training_history.json"))["history"];
  const Json best = *std::min_element(history.begin(), history.end(), [](const Json& a, const Json& b) {
    return a["val_loss"].get<double>() < b["val_loss"].get<double>();
  });
  EXPECT_EQ(config["model_config"]["residual"], "learned");
  EXPECT_EQ(config["model_config"]["context"], 5);
  for (const char* model : {"run", "run/best_model.pt"}) {
    const ProgramResult judged =
        run_runner({"eval", "configs/eval_5cat.yaml", "--model", (folder / model).string(), "--json",
                    "--output", (folder / "report.json").string()},
                   in_source());
    ASSERT_EQ(judged.exit_code, 5) << judged.err;
    const Json val = result_of(judged)["VAL"];
    for (const char* key : {"val_cosine", "new_r_at_1", "new_r_at_5"}) {
      EXPECT_NEAR(val[key].get<double>(), best[key].get<double>(), 3e-3) << model << key;
      for (const char* name : {"copy_last", "context_mean", "weighted_mean"})
        EXPECT_NEAR(val["baselines"][name][key].get<double>(), trained["baselines"][name][key].get<double>(),
                    3e-3)
            << model << name << key;
    }
    EXPECT_NEAR(val["gain"].get<double>(), trained["gain"].get<double>(), 1e-4);
  }
}

TEST(ResidualRun, WeightsOfAnotherKindAreNoStartForIt) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_runner(residual_run(folder / "run", {"--max-steps", "1"}), in_source()).exit_code, 0);
  const ProgramResult other =
      run_runner(residual_run(folder / "other", {"--max-steps", "1", "--set", "model.residual=last", "--init",
                                                 (folder / "run/best_model.pt").string()}),
                 in_source());
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("--set model.residual=learned"));
}

TEST(ResidualRun, ConflictsAreFoundBeforeAnythingIsRead) {
  const TemporaryFolder folder;
  const auto refused = [&](std::vector<std::string> more, const char* text) {
    const ProgramResult run = run_runner(residual_run(folder / "run", std::move(more)), in_source());
    EXPECT_EQ(run.exit_code, 2) << run.err;
    EXPECT_THAT(run.err, HasSubstr(text));
    EXPECT_FALSE(std::filesystem::exists(folder / "run"));
  };
  refused({"--set", "model.residual_next=true"},
          "model.residual: learned conflicts with model.residual_next");
  refused({"--set", "model.residual=first"}, "model.residual");
  refused({"--set", "scheduler.min_lr=0.1"}, "scheduler.min_lr");
  refused({"--set", "loss.cosine.weight=0"}, "nothing to train on");
}

TEST(ResidualRun, TheRateWarmsUpAndFallsToTheEnd) {
  const TemporaryFolder folder;
  const ProgramResult run = run_runner(
      residual_run(folder / "run",
                   {"--set", "scheduler.warmup_steps=10", "--set", "train.log_every=1", "--lr", "0.001"}),
      in_source());
  ASSERT_EQ(run.exit_code, 0) << run.err;
  std::vector<double> rates;
  std::istringstream lines(file_contents(folder / "run/metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const Json entry = Json::parse(line);
    if (entry.contains("step_ms") && entry.contains("gradient_norm"))
      rates.push_back(entry["lr"].get<double>());
  }
  ASSERT_EQ(rates.size(), 64u);
  EXPECT_NEAR(rates[0], 0.0001, 1e-12);
  EXPECT_NEAR(rates[9], 0.001, 1e-12);
  EXPECT_NEAR(rates[37], 0.0005, 1e-12);  // half way between warm-up and end
  EXPECT_LT(rates[63], 1e-6);
}

}  // namespace
}  // namespace runner::test
