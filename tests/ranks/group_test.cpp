// Real groups over Gloo on loopback: a thread a rank.
#include "ranks/group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "ranks/address.h"
#include "ranks/session.h"

namespace runner::ranks {
namespace {

int free_port() {
  const int socket = listen_on("127.0.0.1", 0);
  const int port = port_of(socket);
  ::close(socket);
  return port;
}

// Runs `body` on each of `ranks` ranks; what each threw.
std::vector<std::string> on_ranks(int ranks, const std::function<void(int, Session&)>& body,
                                  double timeout = 20) {
  const int port = free_port();
  std::vector<std::string> errors(static_cast<std::size_t>(ranks));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank)
    threads.emplace_back([&, rank] {
      try {
        Session session({rank, ranks, rank, "127.0.0.1", port, "--nproc"}, timeout);
        body(rank, session);
        session.leave();
      } catch (const std::exception& error) {
        errors[static_cast<std::size_t>(rank)] = error.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  return errors;
}

torch::Tensor gradient_of(int rank, std::int64_t count) {
  const auto values = torch::arange(count, torch::kFloat32);
  return torch::sin(values * (rank + 1)) * (1 + rank);
}

TEST(Group, SharesCoverEveryRowOnce) {
  for (const std::int64_t rows : {0, 1, 3, 4, 5, 7, 64})
    for (const int ranks : {1, 2, 3, 4, 8}) {
      std::int64_t next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const Share share = share_of(rows, rank, ranks);
        EXPECT_EQ(share.first, next) << rows << " rows, rank " << rank << " of " << ranks;
        next += share.count;
      }
      EXPECT_EQ(next, rows);
    }
}

TEST(Group, SumsAreThoseOfTheOrderOfRanksOnEveryRank) {
  for (const Wire wire : {Wire::fp32, Wire::bf16})
    for (const int ranks : {1, 2, 3}) {
      constexpr std::int64_t count = 1001;
      std::vector<torch::Tensor> sums(static_cast<std::size_t>(ranks));
      std::vector<double> squares(sums.size());
      const auto errors = on_ranks(ranks, [&](int rank, Session& session) {
        const auto group = session.connect(wire, torch::kCPU);
        const torch::Tensor values = gradient_of(rank, count);
        group->start_sum(values.narrow(0, 0, 400));
        group->start_sum(values.narrow(0, 400, count - 400));
        std::vector<double> figures{100.0 + rank};
        squares[static_cast<std::size_t>(rank)] = group->finish_sums(figures);
        EXPECT_EQ(figures[0], 100.0);
        sums[static_cast<std::size_t>(rank)] = values;
      });
      EXPECT_THAT(errors, testing::Each(""));
      const auto rounded = [wire](const torch::Tensor& x) {
        return wire == Wire::bf16 ? x.to(torch::kBFloat16).to(torch::kFloat32) : x;
      };
      torch::Tensor expected = rounded(gradient_of(0, count));
      for (int rank = 1; rank < ranks; ++rank) expected = expected + rounded(gradient_of(rank, count));
      expected = rounded(expected);
      for (std::size_t rank = 0; rank < sums.size(); ++rank) {
        EXPECT_TRUE(torch::equal(sums[rank], expected)) << "rank " << rank << " of " << ranks;
        EXPECT_NEAR(squares[rank], expected.to(torch::kFloat64).square().sum().item<double>(),
                    1e-9 * squares[rank]);
      }
    }
}

TEST(Group, RowsOfAllRanksAlsoOfThoseWithFewerOrNone) {
  for (const std::int64_t rows : {1, 5, 6}) {
    const auto errors = on_ranks(4, [rows](int rank, Session& session) {
      const auto group = session.connect(Wire::fp32, torch::kCPU);
      const torch::Tensor all = torch::arange(rows * 3, torch::kFloat32).view({rows, 3});
      const Share share = share_of(rows, rank, 4);
      EXPECT_TRUE(
          torch::equal(group->gather_rows(all.narrow(0, share.first, share.count), share, rows), all));
    });
    EXPECT_THAT(errors, testing::Each(""));
  }
}

TEST(Group, RankZerosTextAndValuesGoToAll) {
  const auto errors = on_ranks(3, [](int rank, Session& session) {
    const auto group = session.connect(Wire::fp32, torch::kCPU);
    EXPECT_EQ(group->broadcast(rank == 0 ? std::string("the word") : std::string()), "the word");
    EXPECT_EQ(group->broadcast(std::string()), "");
    torch::Tensor values = torch::full({7}, rank);
    group->broadcast(values);
    EXPECT_EQ(values.sum().item<int>(), 0);
    std::vector<double> sums{1.0, static_cast<double>(rank)};
    group->add_up(sums);
    EXPECT_THAT(sums, testing::ElementsAre(3.0, 3.0));
  });
  EXPECT_THAT(errors, testing::Each(""));
}

TEST(Group, OneThatDiffersIsRefusedByAllByName) {
  const auto errors = on_ranks(3, [](int rank, Session& session) {
    session.introduce({{"version", "1"},
                       {"data", rank == 1 ? "bbbb" : "aaaa"},
                       {"RUNNER_RANK_SECRET", rank == 2 ? "x" : "y"}});
  });
  for (const std::string& error : errors) {
    EXPECT_THAT(error, testing::HasSubstr("rank 1 on " + host_name() + " differs in data (bbbb, not aaaa)"));
    EXPECT_THAT(error,
                testing::HasSubstr("rank 2 on " + host_name() + " differs in RUNNER_RANK_SECRET from"));
  }
}

TEST(Group, TwoOnOneGpuAreRefusedByAllByName) {
  const auto gpus = [](std::vector<const char*> names) {
    return on_ranks(3, [names](int rank, Session& session) {
      session.introduce({{"version", "1"}, {"gpu", names[static_cast<std::size_t>(rank)]}});
    });
  };
  EXPECT_THAT(gpus({"7f", "3a", "7f"}),
              testing::Each(testing::HasSubstr("rank 2 on " + host_name() + " has the GPU of rank 0: NCCL")));
  EXPECT_THAT(gpus({"7f", "3a", "00"}), testing::Each(""));
  EXPECT_THAT(gpus({"", "", ""}), testing::Each("")) << "ranks on CPUs have none";
}

// Rank 1 fails while rank 0's own thread is where no failure reaches it.
void hold_a_rank() {
  setup_logging(Verbosity::normal);
  on_ranks(
      2,
      [](int rank, Session& session) {
        const auto group = session.connect(Wire::fp32, torch::kCPU);
        group->watch().end_if_held();
        if (rank == 1) session.fail("the disk is full");
        std::this_thread::sleep_for(std::chrono::minutes(5));
      },
      4);
}

TEST(GroupDeathTest, ARankThatIsHeldIsEndedWithTheReason) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hold_a_rank(), testing::ExitedWithCode(1),
              "rank 1 on .* ended: the disk is full;.* held inside");
}

TEST(Group, OnesAloneHaveAPortEach) {
  Session first({0, 1, 0, "127.0.0.1", 0, "torchrun"}, 20), second({0, 1, 0, "127.0.0.1", 0, "torchrun"}, 20);
  EXPECT_NE(first.place().port, second.place().port);
  for (Session* session : {&first, &second}) {
    EXPECT_GT(session->place().port, 0);
    session->leave();
  }
}

TEST(Group, AnErrorOfOneEndsAllWithItsWords) {
  const auto errors = on_ranks(3, [](int rank, Session& session) {
    const auto group = session.connect(Wire::fp32, torch::kCPU);
    group->at_step(17);
    group->gather_rows(torch::zeros({1, 2}), {rank, 1, 1}, 3);  // all have come so far
    if (rank == 1) {
      session.fail("the disk is full");
      throw RunError("the disk is full");
    }
    group->gather_rows(torch::zeros({1, 2}), {rank, 1, 1}, 3);
  });
  for (const int rank : {0, 2})
    EXPECT_THAT(errors[static_cast<std::size_t>(rank)],
                testing::AllOf(testing::HasSubstr("rank 1 on " + host_name() + " ended: the disk is full"),
                               testing::HasSubstr("step 17")));
}

TEST(Group, WhoDoesNotComeIsNamed) {
  const int port = free_port();
  try {
    const Session alone({0, 3, 0, "127.0.0.1", port, "torchrun"}, 1);
    FAIL() << "nobody else is there";
  } catch (const RunError& error) {
    EXPECT_THAT(error.line(), testing::HasSubstr("rank 1, 2 of 3 did not come within 1 s"));
  }
  EXPECT_THROW(Session({1, 2, 1, "127.0.0.1", port, "torchrun"}, 1), RunError);
}

TEST(Group, TheStoreListensOnItsAddressAlone) {
  const int port = free_port();
  on_ranks(1, [](int, Session&) {});
  RankPlace place{0, 1, 0, "127.0.0.1", port, "torchrun"};
  const Store store = open_store(place, 5);
  // On all addresses it would be in the way of this one.
  const int other = listen_on("127.0.0.2", port);
  EXPECT_GE(other, 0);
  ::close(other);
  const Store second = connect_store(place, 5);
  put(*second, "a", "b");
  EXPECT_EQ(take(*store, "a"), "b");
}

}  // namespace
}  // namespace runner::ranks
