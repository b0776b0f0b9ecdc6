// Gates in real runs: a collapse is rolled back, reported, and in the end stops the run with exit code 5.
#include <gtest/gtest.h>

#include "jobs/train/small_run.h"

namespace runner::test {
namespace {

// A gate that any epoch trips: the cosine must rise by 0.5 each time.
const std::vector<std::string> hopeless = {"--set", "gates.epoch.max_drop=0", "--lr", "0.5",
                                           "--set", "train.epochs=9"};

std::vector<std::string> with(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(GateRun, ACollapseRollsBackAndThenStopsWithExitCodeFive) {
  const TemporaryFolder folder;
  const ProgramResult result = run_runner(small_run(folder / "run", hopeless), in_source());
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_NE(result.err.find("rolled back to the best checkpoint"), std::string::npos) << result.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "run/best_model.pt"));
  const Json history = Json::parse(file_contents(folder / "run/training_history.json"));
  int rollbacks = 0;
  for (const Json& event : history["events"])
    rollbacks += event["what"].get<std::string>().find("rolled back to") != std::string::npos ? 1 : 0;
  EXPECT_EQ(rollbacks, 2);
  EXPECT_EQ(Json::parse(file_contents(folder / "run/manifest.json")).value("outcome", ""), "gate failed");
}

TEST(GateRun, WarnOnlyReportsAndGoesOn) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_runner(small_run(folder / "run", with(hopeless, {"--set", "gates.action=warn"})), in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("gate epoch: the validation cosine fell"), std::string::npos) << result.err;
}

TEST(GateRun, AFailedFinalGateIsExitCodeFiveWithEveryFileWritten) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_runner(small_run(folder / "run", {"--set", "gates.final.min_cosine=0.99"}), in_source());
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_EQ(result_of(result)["gates"]["val_cosine"]["passed"], false);
  EXPECT_TRUE(std::filesystem::exists(folder / "run/model.safetensors"));
}

TEST(GateRun, FinalGatesAreNotJudgedWhenAFlagCutTheRunShort) {
  const TemporaryFolder folder;
  const ProgramResult result = run_runner(
      small_run(folder / "run", {"--set", "gates.final.min_cosine=0.99", "--max-steps", "3"}), in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST(Health, ABadStepStopsTheRunAndNamesStepTermAndRows) {
  const TemporaryFolder folder;
  const ProgramResult result = run_runner(
      small_run(folder / "run", {"--set", "loss.mse.weight=1e9", "--set", "optimizer.lr=1e30"}), in_source());
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.err.find("NaN or Inf in step"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("target rows:"), std::string::npos) << result.err;
}

TEST(EarlyStop, EndsTheRunWhenTheMetricNoLongerImproves) {
  const TemporaryFolder folder;
  const ProgramResult result = run_runner(
      small_run(folder / "run", {"--set", "train.epochs=40", "--set", "early_stop.metric=val_cosine", "--set",
                                 "early_stop.patience=1", "--set", "early_stop.min_delta=0.5"}),
      in_source());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result_of(result).value("outcome", ""), "stopped early");
  EXPECT_EQ(result_of(result).value("epochs", 0), 2);
}

}  // namespace
}  // namespace runner::test
