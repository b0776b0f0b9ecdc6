#include "environment/contention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "support/temporary_folder.h"

#ifdef __linux__
#include "support/busy_cores.h"
#endif

namespace runner::runtime {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;

struct Case {
  const char* what;
  CpuTimes after;  // before: all 0; ten seconds between them
  double share;
  const char* cause;  // "" when nothing is lost
};

// Two cores: 20 seconds of them in ten.
TEST(Contention, IsTheTimeThatOthersHadTheCores) {
  const std::vector<Case> cases = {
      {"a free machine", {.ran = 18, .waited = 0.1, .busy = 18.2}, 0, ""},
      {"one busy process beside two threads", {.ran = 12, .waited = 8, .busy = 20}, 0.4, "other processes"},
      {"more threads than cores, nobody else", {.ran = 19.8, .waited = 60, .busy = 20}, 0, ""},
      {"a run that waits for the disk", {.ran = 0.2, .waited = 0.1, .busy = 20}, 0, ""},
      {"a quota", {.ran = 10, .waited = 10, .throttled = 9, .busy = 10}, 0.5, "quota"},
      {"another virtual machine", {.ran = 20, .waited = 0, .busy = 20.6, .stolen = 6}, 0.2825, "host"},
  };
  for (const Case& c : cases) {
    const Contention found = contention_between({}, c.after, 10);
    EXPECT_THAT(found.share, DoubleNear(c.share, 0.01)) << c.what;
    if (*c.cause != '\0') {
      EXPECT_THAT(describe(found), HasSubstr(c.cause)) << c.what;
    }
  }
  EXPECT_THAT(describe({0.413, false, false}), HasSubstr(": 41 % of this run's computing time"));
}

#ifdef __linux__
void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

TEST(Contention, AddsUpTheThreadsThoseThatHaveEndedToo) {
  const test::TemporaryFolder root;
  const auto task = root.path() / "proc/self/task";
  write(root.path() / "proc/stat", "cpu  1000 200 300 9000 0 10 20 70 0 0\ncpu0 1 1 1 1\n");
  write(task / "7/schedstat", "3000000000 500000000 12\n");
  write(task / "8/schedstat", "1000000000 250000000 9\n");
  CpuClock clock(root.path());
  ASSERT_TRUE(clock.read());
  std::filesystem::remove_all(task / "8");
  write(task / "7/schedstat", "4000000000 500000000 12\n");
  const auto times = clock.read();
  ASSERT_TRUE(times);
  EXPECT_DOUBLE_EQ(times->ran, 5);
  EXPECT_DOUBLE_EQ(times->waited, 0.75);
  EXPECT_DOUBLE_EQ(times->busy, 1600.0 / static_cast<double>(sysconf(_SC_CLK_TCK)));
  EXPECT_DOUBLE_EQ(times->stolen, 70.0 / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

TEST(Contention, IsUnknownWhereTheKernelCountsNothing) {
  const test::TemporaryFolder root;
  EXPECT_FALSE(CpuClock(root.path()).read());
  write(root.path() / "proc/stat", "cpu  1000 200 300 9000 0 10 20 70 0 0\n");
  write(root.path() / "proc/self/task/7/schedstat", "0 0 0\n");
  EXPECT_FALSE(CpuClock(root.path()).read());
}

TEST(Contention, IsSeenOnACoreThatAnotherProcessComputesOn) {
  const test::OneCore core;
  CpuClock clock;
  const auto before = clock.read();
  if (!before) GTEST_SKIP() << "this kernel does not count how long threads wait";
  {
    const test::BusyProcesses other(1);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (std::chrono::steady_clock::now() < end) {
    }
  }
  const auto after = clock.read();
  ASSERT_TRUE(after);
  EXPECT_GT(contention_between(*before, *after, 1).share, 0.2);
}

TEST(Contention, LoadCountsWhatOthersCompute) {
  const test::BusyProcesses others(3);
  const Load load = measure_load();
  EXPECT_GT(load.threads, 2);
  EXPECT_GE(load.cores, 1);
}
#endif

TEST(Contention, PlansStretchBesideOthers) {
  EXPECT_DOUBLE_EQ(slowdown({0, 2}, 2), 1);
  EXPECT_DOUBLE_EQ(slowdown({1, 2}, 2), 1.5);
  EXPECT_DOUBLE_EQ(slowdown({7, 2}, 2), 4.5);
  EXPECT_DOUBLE_EQ(slowdown({3, 16}, 2), 1) << "there are cores enough";
  EXPECT_EQ(beside_load({0.1, 2}, 2, 60), "");
  EXPECT_THAT(beside_load({1, 2}, 2, 60), HasSubstr("1.0 threads on 2 cores"));
  EXPECT_THAT(beside_load({1, 2}, 2, 60), HasSubstr("about 1:30"));
}

}  // namespace
}  // namespace runner::runtime
