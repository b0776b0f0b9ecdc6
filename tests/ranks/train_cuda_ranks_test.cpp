// `runner train --device cuda --nproc 2`: ranks on CUDA devices, over NCCL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranks/address.h"
#include "ranks/rank_processes.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

#define NEEDS_TWO_GPUS() \
  if (!std::filesystem::exists("/dev/nvidia1")) GTEST_SKIP() << "fewer than two CUDA devices"

ProgramResult train(const std::string& output, const std::vector<std::string>& more) {
  return run_runner(small_training(output, more, "cuda"));
}

TEST(TrainCudaRanks, TwoAreOneWithTheDoubleBatchAndTwoRunsTheSameBytes) {
  NEEDS_TWO_GPUS();
  const TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  const auto one = train(at("one"), {"--batch-size", "32", "--max-steps", "100"});
  ASSERT_EQ(one.exit_code, 0) << one.err;
  const auto two = train(at("two"), {"--batch-size", "16", "--max-steps", "100", "--nproc", "2"});
  ASSERT_EQ(two.exit_code, 0) << two.err;
  EXPECT_LT(difference(values_of(at("two")), values_of(at("one"))), 1e-4) << "dropout included";
  EXPECT_EQ(last_object(two.out).at("engine"), "fused");
  ASSERT_EQ(train(at("again"), {"--batch-size", "16", "--max-steps", "100", "--nproc", "2"}).exit_code, 0);
  EXPECT_EQ(file_text(folder.path() / "two/model.safetensors"),
            file_text(folder.path() / "again/model.safetensors"));
}

TEST(TrainCudaRanks, InPiecesByLibtorchsStepAndWithGradientsInBf16TheyAreCloseToIt) {
  NEEDS_TWO_GPUS();
  const TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  ASSERT_EQ(train(at("one"), {"--batch-size", "32", "--max-steps", "60"}).exit_code, 0);
  const auto other = [&](const char* name, const char* batch, const char* key) {
    const auto result =
        train(at(name), {"--batch-size", batch, "--max-steps", "60", "--nproc", "2", "--set", key});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return difference(values_of(at(name)), values_of(at("one")));
  };
  EXPECT_LT(other("pieces", "8", "train.accumulate=2"), 1e-4);
  EXPECT_LT(other("plain", "16", "train.engine=plain"), 1e-4);
  EXPECT_LT(other("bf16", "16", "train.gradients=bf16"), 2e-2);
}

TEST(TrainCudaRanks, GoOnWhereOneWasAndBack) {
  NEEDS_TWO_GPUS();
  const TemporaryFolder folder;
  const auto run = [&](const char* steps, std::vector<std::string> more) {
    more.insert(more.end(), {"--batch-size", "16", "--max-steps", steps});
    return train((folder.path() / "run").string(), more);
  };
  ASSERT_EQ(run("20", {"--nproc", "2"}).exit_code, 0);
  const auto one = run("40", {"--resume"});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  const auto two = run("60", {"--resume", "--nproc", "2"});
  EXPECT_EQ(two.exit_code, 0) << two.err;
  EXPECT_THAT(two.err, HasSubstr("resuming with 2 ranks what 1 trained"));
}

TEST(TrainCudaRanks, AKilledRankIsNamedByTheOther) {
  NEEDS_TWO_GPUS();
  const TemporaryFolder folder;
  double seconds = 0;
  const auto result = with_fault(
      (folder.path() / "run").string(),
      {"--max-steps", "1000000", "--set", "train.epochs=5000", "--set", "environment.rank_timeout=8"},
      [](pid_t worker) { ::kill(worker, SIGKILL); }, &seconds, "cuda");
  EXPECT_EQ(result.exit_code, 128 + SIGKILL) << result.err;
  EXPECT_THAT(result.err, testing::ContainsRegex("rank 1 on .* was lost: .*this rank was at step [0-9]+"));
  EXPECT_LT(seconds, 30);
}

// Over sockets NCCL sees the connection close, and on a busy machine it sometimes says so before the watch
// does: several runs at once.
TEST(TrainCudaRanks, AKilledRankIsNamedWhereNcclNoticesItFirst) {
  NEEDS_TWO_GPUS();
  const TemporaryFolder folder;
  ProgramOptions options;
  options.environment = {{"NCCL_P2P_DISABLE", "1"}, {"NCCL_SHM_DISABLE", "1"}, {"NCCL_SOCKET_IFNAME", "lo"}};
  std::vector<std::future<ProgramResult>> runs;
  for (const char* run : {"1", "2", "3", "4", "5", "6"})
    runs.push_back(std::async(std::launch::async, [&, run] {
      return with_fault(
          (folder.path() / run).string(),
          {"--max-steps", "1000000", "--set", "train.epochs=5000", "--set", "train.engine=plain"},
          [](pid_t worker) { ::kill(worker, SIGKILL); }, nullptr, "cuda", options);
    }));
  for (auto& run : runs) {
    const ProgramResult result = run.get();
    EXPECT_EQ(result.exit_code, 128 + SIGKILL) << result.err;
    EXPECT_THAT(result.err, testing::ContainsRegex("rank 1 on .* was lost: .*this rank was at step [0-9]+"));
  }
}

TEST(TrainCudaRanks, AStoppedRankIsNamedWithinTheTimeout) {
  NEEDS_TWO_GPUS();
  const TemporaryFolder folder;
  double seconds = 0;
  const auto result = with_fault(
      (folder.path() / "run").string(),
      {"--max-steps", "1000000", "--set", "train.epochs=5000", "--set", "environment.rank_timeout=3"},
      [](pid_t worker) { ::kill(worker, SIGSTOP); }, &seconds, "cuda");
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("was lost: it has given no sign for 3 s"));
  EXPECT_LT(seconds, 30);
}

TEST(TrainCudaRanks, ARestartOfAllEndsWithTheBytesOfARunWithoutFault) {
  NEEDS_TWO_GPUS();
  const TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  const std::vector<std::string> steps{"--max-steps",      "400",   "--set",
                                       "train.epochs=100", "--set", "checkpoint.every_steps=50"};
  auto undisturbed = steps, restarts = steps;
  undisturbed.insert(undisturbed.end(), {"--nproc", "2", "--batch-size", "16"});
  restarts.insert(restarts.end(), {"--set", "environment.restarts=1"});
  const auto whole = train(at("undisturbed"), undisturbed);
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const auto result = with_fault(
      at("killed"), restarts, [](pid_t worker) { ::kill(worker, SIGKILL); }, nullptr, "cuda");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("all ranks start again from the last checkpoint"));
  EXPECT_EQ(file_text(folder.path() / "killed/model.safetensors"),
            file_text(folder.path() / "undisturbed/model.safetensors"));
}

TEST(TrainCudaRanks, OneAloneWritesWhatAProcessWithoutRanksDoesWhateverItsPort) {
  if (!std::filesystem::exists("/dev/nvidia0")) GTEST_SKIP() << "no CUDA device";
  const TemporaryFolder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  const int taken = ranks::listen_on("127.0.0.1", 0);
  ProgramOptions options;
  options.environment = {{"RANK", "0"},
                         {"WORLD_SIZE", "1"},
                         {"LOCAL_RANK", "0"},
                         {"MASTER_ADDR", "127.0.0.1"},
                         {"MASTER_PORT", std::to_string(ranks::port_of(taken))}};
  const auto rank = run_runner(small_training(at("rank"), {"--max-steps", "60"}, "cuda"), options);
  ::close(taken);
  ASSERT_EQ(rank.exit_code, 0) << rank.err;
  EXPECT_THAT(rank.err, HasSubstr("rank 0 of 1 (torchrun)"));
  ASSERT_EQ(train(at("alone"), {"--max-steps", "60"}).exit_code, 0);
  EXPECT_EQ(file_text(folder.path() / "rank/model.safetensors"),
            file_text(folder.path() / "alone/model.safetensors"));
}

TEST(TrainCudaRanks, MoreThanOneOnAGpuAreRefused) {
  if (!std::filesystem::exists("/dev/nvidia0")) GTEST_SKIP() << "no CUDA device";
  const TemporaryFolder folder;
  ProgramOptions options;
  options.environment["CUDA_VISIBLE_DEVICES"] = "0";
  const auto result =
      run_runner(small_training((folder.path() / "run").string(), {"--nproc", "2"}, "cuda"), options);
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.err, testing::ContainsRegex("rank 1 on .* has the GPU of rank 0: NCCL takes one"));
}

TEST(TrainCudaRanks, ThePlanMeasuresTheLinkOfTwoGpus) {
  NEEDS_TWO_GPUS();
  const TemporaryFolder folder;
  const auto plan = [&](const std::vector<std::string>& more) {
    std::vector<std::string> line = small_training((folder.path() / "run").string(), more, "cuda");
    line[0] = "plan";
    line.insert(line.end(), {"--ranks", "2"});
    const auto result = run_runner(line);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return last_object(result.out);
  };
  const Json here = plan({});
  EXPECT_TRUE(here.at("ranks_assumed").at("link_measured").get<bool>());
  EXPECT_GT(here.at("ranks_measured").at("sum_of_two_ms").get<double>(), 0);
  const Json given = plan({"--set", "plan.link_gbit=0.01"});
  EXPECT_FALSE(given.at("ranks_assumed").at("link_measured").get<bool>());
  const auto step_of_two = [](const Json& told) {
    return told.at("ranks_forecast").at(1).at("step_ms").get<double>();
  };
  EXPECT_GT(step_of_two(given), 10 * step_of_two(here));
}

TEST(TrainCudaRanks, AStopOfOneStopsAll) {
  NEEDS_TWO_GPUS();
  const TemporaryFolder folder;
  const auto result =
      with_fault((folder.path() / "run").string(), {"--max-steps", "1000000", "--set", "train.epochs=5000"},
                 [](pid_t worker) { ::kill(worker, SIGTERM); }, nullptr, "cuda");
  EXPECT_EQ(result.exit_code, 128 + SIGTERM) << result.err;
  EXPECT_THAT(result.err, HasSubstr("stopped by SIGTERM after step"));
}

}  // namespace
}  // namespace runner::test
