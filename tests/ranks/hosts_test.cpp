// Ranks on several machines, and what can happen to machines and to the network between them.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <iostream>

#include "ranks/rank_processes.h"
#include "support/network_hosts.h"

namespace runner::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

constexpr int port_of_store = 29500;
constexpr int timeout = 5;  // environment.rank_timeout

std::vector<std::string> host_training(const std::string& output, const std::vector<std::string>& more) {
  auto line = small_training(
      output, {"--batch-size", "16", "--set", "environment.threads=1", "--set", "train.log_every=5", "--set",
               "environment.rank_timeout=" + std::to_string(timeout)});
  line.insert(line.end(), more.begin(), more.end());
  return line;
}

// A rank a host, each told by torchrun's variables.
class HostRanks {
 public:
  HostRanks(NetworkHosts& hosts, int count, std::string output)
      : hosts_(hosts), count_(count), output_(std::move(output)), ends_(static_cast<std::size_t>(count)) {}
  ~HostRanks() {  // none is left behind where a test has failed
    for (int rank = 0; rank < count_; ++rank)
      if (const pid_t worker = worker_of(rank, output_); worker > 0) ::kill(worker, SIGKILL);
  }

  void start(int rank, const std::vector<std::string>& more, const std::string& secret = "") {
    const std::map<std::string, std::string> environment{{"RANK", std::to_string(rank)},
                                                         {"WORLD_SIZE", std::to_string(count_)},
                                                         {"LOCAL_RANK", "0"},
                                                         {"LOCAL_WORLD_SIZE", "1"},
                                                         {"MASTER_ADDR", NetworkHosts::address(0)},
                                                         {"MASTER_PORT", std::to_string(port_of_store)},
                                                         {"RUNNER_RANK_SECRET", secret},
                                                         {"RANKS_TEST", output_}};
    auto line = host_training(output_, more);
    line.insert(line.begin(), std::string(RUNNER_BUILD_DIR) + "/runner");
    runs_[rank] = std::async(std::launch::async, [this, rank, line, environment] {
      const auto result = hosts_.run(rank, line, environment);
      ends_[static_cast<std::size_t>(rank)] = std::chrono::steady_clock::now();
      return result;
    });
  }
  void start_all(const std::vector<std::string>& more) {
    for (int rank = 0; rank < count_; ++rank) start(rank, more);
  }
  // Waits for its end.
  ProgramResult result(int rank) { return runs_.at(rank).get(); }
  std::chrono::steady_clock::time_point end(int rank) const { return ends_[static_cast<std::size_t>(rank)]; }
  pid_t worker(int rank) const { return worker_of(rank, output_); }
  const std::string& output() const { return output_; }

 private:
  NetworkHosts& hosts_;
  int count_;
  std::string output_;
  std::vector<std::chrono::steady_clock::time_point> ends_;
  std::map<int, std::future<ProgramResult>> runs_;
};

std::ptrdiff_t errors_in(const std::string& log) {
  std::ptrdiff_t count = 0;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) count += line.find(" error ") != std::string::npos;
  return count;
}

// One line that names a rank, its host and the step.
void expect_told(const ProgramResult& result, const std::string& rank, const std::string& how) {
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_EQ(errors_in(result.err), 1) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("rank " + rank + " on host" + rank + "[, a-z']* was lost: .*" + how +
                                        ".*; this rank was at step [0-9]+"));
}

struct Fault {
  const char* kind;
  int ranks, victim;
};
std::string title(const testing::TestParamInfo<Fault>& info) {
  return std::string(info.param.kind) + "OfRank" + std::to_string(info.param.victim) + "Of" +
         std::to_string(info.param.ranks);
}

class HostFault : public testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    hosts = std::make_unique<NetworkHosts>(GetParam().ranks);
    if (const std::string reason = hosts->start(); !reason.empty()) GTEST_SKIP() << reason;
    ranks = std::make_unique<HostRanks>(*hosts, GetParam().ranks, (folder.path() / "run").string());
    ranks->start_all({"--max-steps", "100000"});
    ASSERT_TRUE(wait_for_step(ranks->output(), 10));
    worker = ranks->worker(victim());
    ASSERT_GT(worker, 0);
    start = std::chrono::steady_clock::now();
  }
  int victim() const { return GetParam().victim; }
  bool is(const char* kind) const { return std::string(GetParam().kind) == kind; }
  void expect_others_told(const std::string& how) {
    auto last = start;
    for (int rank = 0; rank < GetParam().ranks; ++rank) {
      if (rank == victim()) continue;
      const auto result = ranks->result(rank);
      last = std::max(last, ranks->end(rank));
      expect_told(result, std::to_string(victim()), how);
    }
    std::cout << GetParam().kind << ": all others have ended after "
              << std::chrono::duration<double>(last - start).count() << " s\n";
  }

  TemporaryFolder folder;
  std::unique_ptr<NetworkHosts> hosts;
  std::unique_ptr<HostRanks> ranks;
  pid_t worker = -1;
  std::chrono::steady_clock::time_point start;
};

class KilledHostRank : public HostFault {};
TEST_P(KilledHostRank, IsNamedByAllOthersAndTellsItsSignal) {
  ::kill(worker, SIGKILL);
  expect_others_told("");
  const auto killed = ranks->result(victim());
  EXPECT_EQ(killed.exit_code, 128 + SIGKILL) << killed.err;
  EXPECT_THAT(killed.err, HasSubstr("was killed by SIGKILL"));
}
INSTANTIATE_TEST_SUITE_P(Hosts, KilledHostRank,
                         testing::Values(Fault{"Kill", 2, 0}, Fault{"Kill", 2, 1}, Fault{"Kill", 4, 2}),
                         title);

class StoppedHostRank : public HostFault {};
TEST_P(StoppedHostRank, IsNamedByAllOthersAndEndsToldWhenItGoesOn) {
  ::kill(worker, SIGSTOP);
  expect_others_told("no sign for 5 s");
  ::kill(worker, SIGCONT);
  const auto late = ranks->result(victim());
  EXPECT_EQ(late.exit_code, 1) << late.err;
  EXPECT_EQ(errors_in(late.err), 1) << late.err;
  EXPECT_THAT(late.err,
              ContainsRegex("rank [0-9] on host[0-9][, a-z']* was lost: .*; this rank was at step"));
}
INSTANTIATE_TEST_SUITE_P(Hosts, StoppedHostRank,
                         testing::Values(Fault{"Stop", 2, 0}, Fault{"Stop", 2, 1}, Fault{"Stop", 4, 2}),
                         title);

class CutOffHostRank : public HostFault {};
TEST_P(CutOffHostRank, IsNamedByAllOthersAndNamesWhomItMisses) {
  hosts->cut_link(victim());
  expect_others_told("no sign for 5 s");
  // It sees rank 0's silence; rank 0 that of the rank it looks after.
  expect_told(ranks->result(victim()), victim() == 0 ? "1" : "0", "no sign for 5 s");
}
INSTANTIATE_TEST_SUITE_P(Hosts, CutOffHostRank,
                         testing::Values(Fault{"Cut", 2, 0}, Fault{"Cut", 2, 1}, Fault{"Cut", 4, 0},
                                         Fault{"Cut", 4, 2}),
                         title);

class Hosts : public testing::Test {
 protected:
  // The bytes that --nproc leaves on this machine.
  std::string expected(int ranks, const std::vector<std::string>& steps) {
    const std::string output = (folder.path() / ("nproc" + std::to_string(ranks))).string();
    auto line = host_training(output, steps);
    line.insert(line.end(), {"--nproc", std::to_string(ranks)});
    const auto result = run_runner(line);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return file_text(output + "/model.safetensors");
  }
  std::string bytes_of(HostRanks& ranks, int count) {
    for (int rank = 0; rank < count; ++rank) {
      const auto result = ranks.result(rank);
      EXPECT_EQ(result.exit_code, 0) << result.err;
    }
    return file_text(ranks.output() + "/model.safetensors");
  }
  std::string output() { return (folder.path() / "run").string(); }

  TemporaryFolder folder;
};

TEST_F(Hosts, OverASlowLinkTheBytesAreThoseOfOneMachine) {
  for (const int count : {2, 4}) {
    NetworkHosts hosts(count);
    if (const std::string reason = hosts.start(); !reason.empty()) GTEST_SKIP() << reason;
    if (const std::string reason = hosts.slow_link(count - 1); !reason.empty()) GTEST_SKIP() << reason;
    HostRanks ranks(hosts, count, output() + std::to_string(count));
    ranks.start_all({"--max-steps", "10"});
    EXPECT_EQ(bytes_of(ranks, count), expected(count, {"--max-steps", "10"}));
  }
}

TEST_F(Hosts, ALateRankIsWaitedFor) {
  NetworkHosts hosts(2);
  if (const std::string reason = hosts.start(); !reason.empty()) GTEST_SKIP() << reason;
  HostRanks ranks(hosts, 2, output());
  ranks.start(1, {"--max-steps", "10"});  // it looks for rank 0, which is late
  std::this_thread::sleep_for(std::chrono::seconds(timeout) / 4);
  ranks.start(0, {"--max-steps", "10"});
  EXPECT_EQ(bytes_of(ranks, 2), expected(2, {"--max-steps", "10"}));
}

TEST_F(Hosts, ARankThatComesTooLateFindsNobody) {
  NetworkHosts hosts(2);
  if (const std::string reason = hosts.start(); !reason.empty()) GTEST_SKIP() << reason;
  HostRanks ranks(hosts, 2, output());
  ranks.start(0, {"--max-steps", "10"});
  const auto first = ranks.result(0);
  EXPECT_EQ(first.exit_code, 1) << first.err;
  EXPECT_THAT(first.err, HasSubstr("rank 1 of 2 did not come within 5 s"));
  ranks.start(1, {"--max-steps", "10"});
  const auto late = ranks.result(1);
  EXPECT_EQ(late.exit_code, 1) << late.err;
  EXPECT_THAT(late.err,
              HasSubstr("rank 1 on host1: 10.77.0.1:29500: rank 0 does not answer there within 5 s"));
}

TEST_F(Hosts, ARankOfOtherDataOrAnotherSecretIsRefusedByAll) {
  NetworkHosts hosts(2);
  if (const std::string reason = hosts.start(); !reason.empty()) GTEST_SKIP() << reason;
  const std::vector<std::string> twice{"--npz", RUNNER_SOURCE_DIR "/artifacts/sample/cppdocs_768.npz"};
  for (const auto& [data, secret, named] :
       {std::tuple{twice, "ours", "data"},
        std::tuple{std::vector<std::string>(), "theirs", "RUNNER_RANK_SECRET"}}) {
    HostRanks ranks(hosts, 2, output());
    ranks.start(0, {}, "ours");
    ranks.start(1, data, secret);
    for (int rank = 0; rank < 2; ++rank) {
      const auto result = ranks.result(rank);
      EXPECT_EQ(result.exit_code, 2) << result.err;
      EXPECT_THAT(result.err, HasSubstr(std::string("rank 1 on host1 differs in ") + named));
      EXPECT_EQ(errors_in(result.err), 1) << result.err;
    }
  }
}

TEST_F(Hosts, WhereAnotherProgramHasThePortNoRankWaitsForEver) {
  NetworkHosts hosts(2);
  if (const std::string reason = hosts.start(); !reason.empty()) GTEST_SKIP() << reason;
  int taken = -1;
  hosts.on(0, [&taken] {
    taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_of_store);
    ::inet_pton(AF_INET, NetworkHosts::address(0).c_str(), &address.sin_addr);
    EXPECT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(taken, 8), 0);
  });
  HostRanks ranks(hosts, 2, output());
  ranks.start_all({});
  const auto first = ranks.result(0), other = ranks.result(1);
  EXPECT_EQ(first.exit_code, 4) << first.err;
  EXPECT_THAT(first.err, HasSubstr("10.77.0.1:29500: cannot listen there"));
  EXPECT_EQ(other.exit_code, 1) << other.err;
  EXPECT_THAT(other.err,
              HasSubstr("rank 1 on host1: 10.77.0.1:29500: rank 0 does not answer there within 5 s"));
  ::close(taken);
}

}  // namespace
}  // namespace runner::test
