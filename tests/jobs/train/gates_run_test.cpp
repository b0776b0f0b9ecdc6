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
  for (const char* file : {"final_model.pt", "model.safetensors", "config.json", "report.html"})
    EXPECT_TRUE(std::filesystem::exists(folder / "run" / file)) << file;
  const Json manifest = Json::parse(file_contents(folder / "run/manifest.json"));
  EXPECT_EQ(manifest.value("outcome", ""), "gate failed");
  EXPECT_EQ(manifest["events"], history["events"]);
  const Json& first = history["events"][0];  // a drop at the end of an epoch is an event of that epoch
  for (const Json& epoch : history["history"])
    if (epoch["step"] == first["step"]) {
      EXPECT_EQ(epoch["epoch"], first["epoch"]);
    }
}

TEST(GateRun, StopsAtOnceWithEveryFileWhenToldSo) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_runner(small_run(folder / "run", with(hopeless, {"--set", "gates.action=stop"})), in_source());
  EXPECT_EQ(result.exit_code, 5) << result.err;
  for (const char* file : {"final_model.pt", "model.safetensors", "config.json"})
    EXPECT_TRUE(std::filesystem::exists(folder / "run" / file)) << file;
  const Json history = Json::parse(file_contents(folder / "run/training_history.json"));
  ASSERT_EQ(history["events"].size(), 1);
  EXPECT_EQ(history["history"].back()["epoch"], history["events"][0]["epoch"]);
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
  const ProgramResult whole =
      run_runner(small_run(folder / "whole", {"--set", "gates.final.min_cosine=0.99", "--max-steps", "5000"}),
                 in_source());
  EXPECT_EQ(whole.exit_code, 5) << whole.err;
}

TEST(GateRun, FinalGatesAreJudgedUnlessEpochsAreFewerThanTheConfigs) {
  const TemporaryFolder folder;
  const auto run = [&](const char* epochs) {
    std::vector<std::string> arguments =
        small_run(folder / epochs, {"--epochs", epochs, "--set", "gates.final.min_cosine=0.99"});
    const auto own = std::find(arguments.begin(), arguments.end(), "train.epochs=2");
    arguments.erase(own - 1, own + 1);  // the file's own, 12, counts
    return run_runner(arguments, in_source()).exit_code;
  };
  EXPECT_EQ(run("1"), 0);
  EXPECT_EQ(run("12"), 5);
}

TEST(Health, ABadStepStopsTheRunAndNamesStepTermAndRows) {
  const TemporaryFolder folder;
  const ProgramResult result = run_runner(
      small_run(folder / "run", {"--set", "loss.mse.weight=1e9", "--set", "optimizer.lr=1e30"}), in_source());
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.err.find("NaN or Inf in step"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("target rows:"), std::string::npos) << result.err;
  const Json history = Json::parse(file_contents(folder / "run/training_history.json"));
  EXPECT_EQ(history["events"].back()["rows"].size(), 64);  // the whole batch
}

TEST(Health, ARunThatABadStepStoppedGoesOnSkipping) {
  const TemporaryFolder folder;
  const std::vector<std::string> bad = {"--set", "loss.mse.weight=1e9",     "--set", "optimizer.lr=1e30",
                                        "--set", "checkpoint.every_steps=1"};
  ASSERT_EQ(run_runner(small_run(folder / "run", bad), in_source()).exit_code, 1);
  const ProgramResult on =
      run_runner(small_run(folder / "run", with(bad, {"--resume", "--allow-changed", "--set",
                                                      "health.on_bad_value=skip", "--max-steps", "4"})),
                 in_source());
  EXPECT_NE(on.err.find("batch skipped"), std::string::npos) << on.err;
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
  const ProgramResult again = run_runner(
      small_run(folder / "run", {"--set", "train.epochs=40", "--set", "early_stop.metric=val_cosine", "--set",
                                 "early_stop.patience=1", "--set", "early_stop.min_delta=0.5", "--resume"}),
      in_source());
  EXPECT_EQ(result_of(again).value("outcome", ""), "finished already") << again.err;
}

}  // namespace
}  // namespace runner::test
