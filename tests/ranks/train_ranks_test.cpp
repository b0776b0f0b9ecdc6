// `runner train --nproc N` on the sample.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json_parse.h"
#include "ranks/rank_processes.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

ProgramResult train(const std::string& output, const std::vector<std::string>& more) {
  return run_runner(small_training(output, more));
}

TEST(TrainRanks, TwoRanksAreOneWithTheDoubleBatchAndTwoRunsTheSameBytes) {
  const TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  const auto one = train(at("one"), {"--batch-size", "32", "--max-steps", "100"});
  ASSERT_EQ(one.exit_code, 0) << one.err;
  const auto two = train(at("two"), {"--batch-size", "16", "--max-steps", "100", "--nproc", "2"});
  ASSERT_EQ(two.exit_code, 0) << two.err;
  EXPECT_LT(difference(values_of(at("two")), values_of(at("one"))), 1e-5);
  const auto again = train(at("again"), {"--batch-size", "16", "--max-steps", "100", "--nproc", "2"});
  EXPECT_EQ(file_text(folder.path() / "two/model.safetensors"),
            file_text(folder.path() / "again/model.safetensors"));
  const Json result = last_object(two.out), alone = last_object(one.out);
  EXPECT_EQ(result.at("ranks"), 2);
  EXPECT_TRUE(result.at("waited_share").is_number());
  EXPECT_NEAR(result.at("best_val_loss").get<double>(), alone.at("best_val_loss").get<double>(), 1e-7);
  EXPECT_NEAR(result.at("baselines").at("copy_last").at("r_at_5").get<double>(),
              alone.at("baselines").at("copy_last").at("r_at_5").get<double>(), 1e-12);
  EXPECT_EQ(std::count(two.out.begin(), two.out.end(), '\n'), 1) << two.out;
  EXPECT_THAT(two.err, testing::Not(HasSubstr("rank 1 on"))) << "the other rank has nothing to say";
  for (const char* file : {"manifest.json", "metrics.jsonl", "best_model.pt", "config.yaml"})
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "two" / file)) << file;
  // In pieces: one batch of 32 again.
  const auto pieces = train(at("pieces"), {"--batch-size", "8", "--max-steps", "100", "--nproc", "2", "--set",
                                           "train.accumulate=2"});
  EXPECT_EQ(pieces.exit_code, 0) << pieces.err;
  EXPECT_LT(difference(values_of(at("pieces")), values_of(at("one"))), 1e-5);
}

// Gradients, as the moments of a few steps show them: later on a ReLU that one side of rounding opens and the
// other closes makes more of a difference than rounding does.
TEST(TrainRanks, OfEveryConfigurationBeginAsOneWithTheWholeBatch) {
  const TemporaryFolder folder;
  const auto moments = [&](const std::string& config, const std::vector<std::string>& sizes,
                           const std::string& ranks, const char* rows) {
    const auto output = folder.path() / (config + ranks);
    const auto result = run_runner(training_of(config, sizes, output.string(),
                                               {"--max-steps", "3", "--batch-size", rows, "--nproc", ranks}));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const std::vector<float> state = state_of(output, "step-000003");  // weights, then two moments
    return std::vector<float>(state.begin() + static_cast<std::ptrdiff_t>(state.size() / 3), state.end());
  };
  for (const auto& [config, sizes] : {std::pair{"p6b_v1", small_transformer()},
                                      {"p6b_v21", small_transformer()},
                                      {"p6b_v22", small_transformer()},
                                      {"mse_transformer", small_transformer()},
                                      {"lvm_residual", small_transformer()},
                                      {"mse_lstm", {"model.hidden=64"}},
                                      {"mse_gru", {"model.d_model=64", "model.layers=2"}},
                                      {"mse_amn", {"model.d_model=32", "model.hidden=64"}}})
    EXPECT_LT(difference(moments(config, sizes, "3", "11"), moments(config, sizes, "1", "33")), 1e-4)
        << config;
}

// Products of bfloat16, which keep 8 bits: rounding decides at other places in parts of other shapes.
TEST(TrainRanks, InBfloat16TheyStayAsCloseToOneAsItRoundsAndTwoRunsWriteTheSameBytes) {
  const TemporaryFolder folder;
  const auto run = [&](const std::string& name, const char* ranks, const char* rows) {
    const auto result = train((folder.path() / name).string(), {"--precision", "bf16", "--batch-size", rows,
                                                                "--max-steps", "40", "--nproc", ranks});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(last_object(result.out).at("precision"), "bf16");
    return folder.path() / name;
  };
  const auto one = run("one", "1", "32");
  for (const auto& [ranks, rows] : {std::pair{"2", "16"}, {"4", "8"}}) {
    const auto first = run(std::string("first") + ranks, ranks, rows);
    EXPECT_LT(difference(values_of(first), values_of(one)), 1.0 / 256) << ranks;
    const auto second = run(std::string("second") + ranks, ranks, rows);
    EXPECT_EQ(file_text(first / "model.safetensors"), file_text(second / "model.safetensors")) << ranks;
  }
}

TEST(TrainRanks, LibtorchsStepDrawsDropoutByTheRowsPlaceInTheWholeBatch) {
  const TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  const std::vector<std::string> steps{"--max-steps", "20", "--set", "train.engine=plain"};
  auto one = steps, two = steps;
  one.insert(one.end(), {"--batch-size", "32"});
  two.insert(two.end(), {"--batch-size", "16", "--nproc", "2"});
  ASSERT_EQ(train(at("one"), one).exit_code, 0);
  const auto result = train(at("two"), two);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_LT(difference(values_of(at("two")), values_of(at("one"))), 1e-5);
}

TEST(TrainRanks, FourRanksAreGoneOnWithByTwo) {
  const TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  ASSERT_EQ(train(at("four"), {"--batch-size", "8", "--max-steps", "20", "--nproc", "4"}).exit_code, 0);
  const auto two = train(
      at("four"), {"--batch-size", "16", "--max-steps", "40", "--nproc", "2", "--resume", "--allow-changed"});
  EXPECT_EQ(two.exit_code, 0) << two.err;
  EXPECT_THAT(two.err, HasSubstr("resuming with 2 ranks what 4 trained"));
  // The same batches of 32 as of one rank that never stopped.
  ASSERT_EQ(train(at("one"), {"--batch-size", "32", "--max-steps", "40"}).exit_code, 0);
  // Of the last step: the model that is kept may be the one that was judged at the stop.
  EXPECT_LT(difference(state_of(at("four"), "step-000040"), state_of(at("one"), "step-000040")), 1e-4);
  // N alone may change without a word: the batch follows it.
  const auto other =
      train(at("four"), {"--batch-size", "16", "--max-steps", "50", "--nproc", "3", "--resume"});
  EXPECT_EQ(other.exit_code, 0) << other.err;
}

TEST(TrainRanks, AKilledRankIsNamedByTheOther) {
  const TemporaryFolder folder;
  double seconds = 0;
  const auto result = with_fault((folder.path() / "run").string(), {"--max-steps", "100000"},
                                 [](pid_t worker) { ::kill(worker, SIGKILL); }, &seconds);
  EXPECT_EQ(result.exit_code, 128 + SIGKILL) << result.err;
  EXPECT_THAT(result.err, testing::ContainsRegex("rank 1 on .* was lost: .*this rank was at step [0-9]+"));
  EXPECT_LT(seconds, 30);
  RecordProperty("seconds_from_the_kill_to_the_end", std::to_string(seconds));
  EXPECT_EQ(last_object(result.out).at("error").at("code"), 1);
}

TEST(TrainRanks, AStoppedRankIsNamedWithinTheTimeout) {
  const TemporaryFolder folder;
  double seconds = 0;
  const auto result = with_fault((folder.path() / "run").string(),
                                 {"--max-steps", "100000", "--set", "environment.rank_timeout=3"},
                                 [](pid_t worker) { ::kill(worker, SIGSTOP); }, &seconds);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("was lost: it has given no sign for 3 s"));
  EXPECT_LT(seconds, 30);
  RecordProperty("seconds_from_the_stop_to_the_end", std::to_string(seconds));
}

TEST(TrainRanks, ARestartOfAllEndsWithTheBytesOfARunWithoutFault) {
  const TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  const std::vector<std::string> steps{"--max-steps", "60", "--set", "checkpoint.every_steps=7"};
  auto undisturbed = steps;
  undisturbed.insert(undisturbed.end(), {"--nproc", "2", "--batch-size", "16"});
  ASSERT_EQ(train(at("undisturbed"), undisturbed).exit_code, 0);
  auto restarts = steps;
  restarts.insert(restarts.end(), {"--set", "environment.restarts=1"});
  const auto result = with_fault(at("killed"), restarts, [](pid_t worker) { ::kill(worker, SIGKILL); });
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("all ranks start again from the last checkpoint"));
  EXPECT_EQ(file_text(folder.path() / "killed/model.safetensors"),
            file_text(folder.path() / "undisturbed/model.safetensors"));
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 1) << result.out;
}

TEST(TrainRanks, AStopIsSavedByRankZeroAndGoneOnWith) {
  const TemporaryFolder folder;
  const std::string output = (folder.path() / "run").string();
  const auto result = with_fault(output, {"--max-steps", "100000"}, [](pid_t worker) {
    ::kill(worker, SIGTERM);  // one rank alone: all agree
  });
  EXPECT_EQ(result.exit_code, 128 + SIGTERM) << result.err;
  EXPECT_THAT(result.err, HasSubstr("stopped by SIGTERM after step"));
  EXPECT_EQ(parse_json(file_text(folder.path() / "run/manifest.json"), "manifest").at("outcome"),
            "interrupted");
}

TEST(TrainRanks, WhatContradictsIsRefusedBeforeAnythingRuns) {
  const TemporaryFolder folder;
  ProgramOptions options;
  options.environment = {
      {"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "29999"}};
  auto line = small_training((folder.path() / "run").string(), {"--nproc", "2"});
  const auto both = run_runner(line, options);
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_THAT(both.err, HasSubstr("--nproc: torchrun has started this process as rank 0 of 2"));
  options.environment["WORLD_SIZE"] = "";
  const auto partial = run_runner(small_training((folder.path() / "run").string()), options);
  EXPECT_EQ(partial.exit_code, 2);
  EXPECT_THAT(partial.err, HasSubstr("WORLD_SIZE: is not set, though RANK is"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "run"));
}

}  // namespace
}  // namespace runner::test
