// Ranks started by others: torchrun, mpirun and srun, the real ones, where they are installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <iostream>

#include "base/json_text.h"
#include "ranks/rank_processes.h"
#include "support/slurm_cluster.h"

namespace runner::test {
namespace {

const std::string program = std::string(RUNNER_BUILD_DIR) + "/runner";

std::vector<std::string> behind(std::vector<std::string> starter, const std::vector<std::string>& line) {
  starter.push_back(program);
  starter.insert(starter.end(), line.begin(), line.end());
  return starter;
}

std::vector<std::string> training(const std::string& output) {
  return small_training(output,
                        {"--batch-size", "16", "--max-steps", "10", "--set", "environment.threads=1"});
}

// What two ranks of --nproc write.
std::string expected_model(const TemporaryFolder& folder) {
  auto line = training((folder.path() / "nproc").string());
  line.insert(line.end(), {"--nproc", "2"});
  const auto result = run_runner(line);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return file_text(folder.path() / "nproc/model.safetensors");
}

void expect_run(const ProgramResult& result, const TemporaryFolder& folder, const std::string& name) {
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  const Json closing = last_object(result.out);
  EXPECT_EQ(closing.at("ranks"), 2);
  EXPECT_EQ(closing.at("steps"), 10);
  std::cout << name << ": " << json_text(closing).substr(0, 300) << "\n";
  EXPECT_EQ(file_text(folder.path() / name / "model.safetensors"), expected_model(folder));
}

// Debian's, or that of the python3 in PATH; empty when neither starts a program. Debian 12's falls over its
// own Python (3.11) before it does.
std::vector<std::string> torchrun_here() {
  for (const char* python : {"/usr/bin/python3", "python3"}) {
    const std::vector<std::string> torchrun{python, "-m", "torch.distributed.run", "--no_python"};
    auto probe = torchrun;
    probe.insert(probe.end(), {"--nproc_per_node", "1", "--master_port", "29730", "true"});
    if (run_program(probe).exit_code == 0) return torchrun;
  }
  return {};
}

TEST(Launchers, Torchrun) {
  auto starter = torchrun_here();
  if (starter.empty()) GTEST_SKIP() << "no torchrun here that starts a program";
  const TemporaryFolder folder;
  starter.insert(starter.end(), {"--nproc_per_node", "2", "--master_port", "29731"});
  expect_run(run_program(behind(starter, training((folder.path() / "torchrun").string()))), folder,
             "torchrun");
}

TEST(Launchers, Mpirun) {
  if (run_program({"mpirun", "--version"}).exit_code != 0) GTEST_SKIP() << "no mpirun here (openmpi-bin)";
  const TemporaryFolder folder;
  expect_run(run_program(behind({"mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2"},
                                training((folder.path() / "mpirun").string()))),
             folder, "mpirun");
}

TEST(Launchers, Srun) {
  SlurmCluster slurm;
  if (const std::string reason = slurm.start(); !reason.empty())
    GTEST_SKIP() << reason << "\n" << slurm.log();
  const TemporaryFolder folder;
  expect_run(run_program(behind({"/usr/bin/srun", "--ntasks=2", "--overcommit"},
                                training((folder.path() / "srun").string())),
                         {"", slurm.environment()}),
             folder, "srun");
}

TEST(Launchers, ARankOfAnotherSecretOrConfigIsRefusedByAll) {
  const TemporaryFolder folder;
  const auto line = training((folder.path() / "run").string());
  auto other = line;
  other.insert(other.end(), {"--lr", "0.1"});
  for (const auto& [lines, secret, named] :
       {std::tuple{std::vector{line, line}, "theirs", "RUNNER_RANK_SECRET"},
        std::tuple{std::vector{line, other}, "ours", "config"}}) {
    const auto results =
        by_hand(lines, {{{"RUNNER_RANK_SECRET", "ours"}}, {{"RUNNER_RANK_SECRET", secret}}}, 29741);
    for (const ProgramResult& result : results) {
      EXPECT_EQ(result.exit_code, 2) << result.err;
      EXPECT_THAT(result.err, testing::ContainsRegex(std::string("rank 1 on .* differs in ") + named));
      EXPECT_THAT(result.err, testing::Not(testing::HasSubstr("ours")))
          << "the secret itself is nobody's business";
    }
  }
}

TEST(Launchers, ALateRankIsWaitedForAndAMissingOneNamed) {
  const TemporaryFolder folder;
  auto line = training((folder.path() / "run").string());
  line.insert(line.end(), {"--set", "environment.rank_timeout=1"});
  const auto results = by_hand({line}, {{{"WORLD_SIZE", "2"}}}, 29743);
  EXPECT_EQ(results[0].exit_code, 1) << results[0].err;
  EXPECT_THAT(results[0].err, testing::HasSubstr("rank 1 of 2 did not come within 1 s"));
}

TEST(Launchers, APortInUseIsNamed) {
  const TemporaryFolder folder;
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const int port = ntohs(address.sin_port);
  const auto results = by_hand({training((folder.path() / "run").string())}, {{{"WORLD_SIZE", "2"}}}, port);
  EXPECT_EQ(results[0].exit_code, 4) << results[0].err;
  EXPECT_THAT(results[0].err, testing::HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(results[0].err, testing::HasSubstr("another MASTER_PORT is the way out"));
  // Rank 1 gets a connection there, and never a word.
  ProgramOptions options;
  options.environment = {{"RANK", "1"},
                         {"WORLD_SIZE", "2"},
                         {"LOCAL_RANK", "1"},
                         {"MASTER_ADDR", "127.0.0.1"},
                         {"MASTER_PORT", std::to_string(port)}};
  auto line = training((folder.path() / "run").string());
  line.insert(line.end(), {"--set", "environment.rank_timeout=1"});
  const auto other = run_runner(line, options);
  EXPECT_EQ(other.exit_code, 1) << other.err;
  EXPECT_THAT(other.err, testing::HasSubstr("rank 0 does not answer there within 1 s"));
  ::close(taken);
}

}  // namespace
}  // namespace runner::test
