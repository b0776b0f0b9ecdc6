#include "threads/team.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/run_program.h"
#include "threads/tile_share.h"

namespace runner::team {
namespace {

using testing::Each;

// Each test sets the number of threads that it wants, and leaves what it found.
class Team : public testing::Test {
 protected:
  ~Team() override { resize(before_); }

 private:
  int before_ = size();
};

std::vector<int> counts_of(std::int64_t tiles) {
  std::vector<std::atomic<int>> counts(static_cast<std::size_t>(tiles));
  run(tiles, [&](std::int64_t i) { ++counts[static_cast<std::size_t>(i)]; });
  return {counts.begin(), counts.end()};
}

TEST_F(Team, ComputesEveryTileOnceWithAnyNumberOfThreads) {
  for (const int threads : {1, 2, 3, 5, 40}) {
    resize(threads);
    EXPECT_EQ(size(), threads);
    for (const std::int64_t tiles : {0, 1, 2, 3, 39, 1000}) EXPECT_THAT(counts_of(tiles), Each(1)) << threads;
  }
}

TEST_F(Team, ManySmallJobsFollowEachOther) {
  resize(4);
  std::int64_t sum = 0;
  for (int job = 0; job < 20000; ++job) {
    std::int64_t results[5] =
        {};  // gone when the next job begins: a thread that comes late must not write here
    run(5, [&](std::int64_t i) { results[i] = job + i; });
    sum += std::accumulate(results, results + 5, std::int64_t{0});
  }
  EXPECT_EQ(sum, 5 * (20000ll * 19999 / 2) + 20000ll * 10);
}

#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_THREAD__)
// Called after every machine instruction of what stands between step() and run_on(), as another core could
// be.
TileShare* watched = nullptr;
int taken_late = 0, instructions = 0;
void take_late(int) {
  ++instructions;
  if (std::uint32_t tile; watched->take(1, tile)) ++taken_late;
}
void step() {
  asm volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
}
void run_on() {
  asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
}

TEST(TileShare, GivesAThreadThatComesLateNoTileOfTheNextJobWhileThatIsOpened) {
  TileShare share;
  watched = &share;
  share.open(1, 0, 2);
  for (std::uint32_t tile = 0, wanted = 0; share.take(1, tile); ++wanted) ASSERT_EQ(tile, wanted);
  struct sigaction handler = {}, before = {};
  handler.sa_handler = take_late;
  ASSERT_EQ(sigaction(SIGTRAP, &handler, &before), 0);
  step();
  share.open(2, 0, 100);
  run_on();
  sigaction(SIGTRAP, &before, nullptr);
  EXPECT_GE(instructions, 3);
  EXPECT_EQ(taken_late, 0);
  std::uint32_t tile = 7;
  EXPECT_TRUE(share.take(2, tile));
  EXPECT_EQ(tile, 0u);
}
#endif

TEST_F(Team, TilesOfAThreadThatIsHeldUpAreTakenByTheOthers) {
  resize(2);
  std::atomic<int> others{0};
  run(100, [&](std::int64_t i) {
    if (i != 0) {
      ++others;
      return;
    }
    while (others < 99) std::this_thread::yield();  // for ever, if anything else is kept for this thread
  });
  EXPECT_EQ(others, 99);
}

TEST_F(Team, NoTwoTilesAtATimeHaveTheSameMember) {
  resize(6);
  std::vector<std::atomic<int>> busy(6);
  std::atomic<bool> shared{false};
  for (int job = 0; job < 200; ++job)
    run(60, [&](std::int64_t, int member) {
      if (++busy.at(static_cast<std::size_t>(member)) != 1) shared = true;
      std::this_thread::yield();
      --busy.at(static_cast<std::size_t>(member));
    });
  EXPECT_FALSE(shared);
}

TEST_F(Team, WhatATileThrowsComesOutOfRun) {
  for (const int threads : {1, 3}) {
    resize(threads);
    for (const std::int64_t bad : {0, 17, 49}) {
      std::atomic<int> begun{0};
      try {
        run(50, [&](std::int64_t i) {
          ++begun;
          if (i == bad) throw std::out_of_range("tile " + std::to_string(i));
        });
        FAIL() << "nothing was thrown";
      } catch (const std::out_of_range& error) {
        EXPECT_EQ(error.what(), "tile " + std::to_string(bad));
      }
      EXPECT_GE(begun, 1);
      EXPECT_THAT(counts_of(20), Each(1)) << "the next job";
    }
    EXPECT_THROW(run(50, [](std::int64_t) { throw 7; }), int) << "all at once";
    EXPECT_THAT(counts_of(20), Each(1));
  }
}

TEST_F(Team, AJobInsideATileIsComputedByThatThreadInOrder) {
  resize(3);
  std::vector<std::vector<std::int64_t>> seen(9);
  std::atomic<bool> moved{false};
  run(9, [&](std::int64_t i) {
    const auto thread = std::this_thread::get_id();
    run(4, [&](std::int64_t inner, int member) {
      if (std::this_thread::get_id() != thread || member != 0) moved = true;
      seen[static_cast<std::size_t>(i)].push_back(inner);
    });
  });
  EXPECT_THAT(seen, Each(std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_FALSE(moved);
}

TEST_F(Team, TwoCallersAtATimeBothGetTheirWorkDone) {
  resize(3);
  std::atomic<int> wrong{0};
  const auto call = [&] {
    for (int job = 0; job < 2000; ++job) {
      std::atomic<int> done{0};
      run(7, [&](std::int64_t) { ++done; });
      if (done != 7) ++wrong;
    }
  };
  std::thread other(call), third(call);
  call();
  other.join();
  third.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Team, ChunksCoverTheRange) {
  resize(2);
  std::vector<std::pair<std::int64_t, std::int64_t>> chunks(4);
  run_chunks(50, 16, [&](std::int64_t i, std::int64_t begin, std::int64_t end) {
    chunks[static_cast<std::size_t>(i)] = {begin, end};
  });
  EXPECT_THAT(chunks, testing::ElementsAre(std::pair(0, 16), std::pair(16, 32), std::pair(32, 48),
                                           std::pair(48, 50)));
}

// A child has the calling thread alone. Its exit code: 0 when `work` returns true.
template <class F>
int code_of_child(const F& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

bool all_once() {
  for (const int count : counts_of(300))
    if (count != 1) return false;
  return true;
}

#ifdef __SANITIZE_THREAD__
constexpr bool children_may_start_threads = false;
#else
constexpr bool children_may_start_threads = true;
#endif

TEST_F(Team, WorksAfterAFork) {
  if (!children_may_start_threads) GTEST_SKIP() << "the sanitizer ends a child that starts threads";
  resize(3);
  ASSERT_TRUE(all_once());
  EXPECT_EQ(code_of_child(all_once), 0);
  EXPECT_TRUE(all_once());
}

#ifdef __linux__
// What /proc knows of this process's threads whose name begins with "team ".
std::vector<std::string> team_threads(const char* file) {
  std::vector<std::string> found;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name, text;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (!name.starts_with("team ")) continue;
    std::getline(std::ifstream(task.path() / file), text);
    found.push_back(text);
  }
  return found;
}

TEST_F(Team, ThreadsHaveNamesAndSleepWhenThereIsNothingToDo) {
  resize(3);
  ASSERT_TRUE(all_once());
  const auto named = [] {  // a thread that has just been started has not named itself yet
    const std::vector<std::string> names = team_threads("comm");
    return std::find(names.begin(), names.end(), "team 2") != names.end();
  };
  const auto asleep = [] {
    for (const std::string& stat : team_threads("stat"))
      if (stat.at(stat.rfind(')') + 2) != 'S') return false;
    return true;
  };
  while (!named() || !asleep())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // until ctest's limit
}

TEST_F(Team, DoesItsWorkWhereTheSystemGivesNoThreads) {
  if (!children_may_start_threads) GTEST_SKIP() << "the sanitizer ends a child that starts threads";
  const auto work = [] {
    resize(100);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, std::size_t{1} << 47);  // more than there are addresses
    pthread_setattr_default_np(&attributes);
    return all_once() && team_threads("comm").size() < 99;
  };
  EXPECT_EQ(code_of_child(work), 0);
}

// Prints the size that a process has at first: for the test below.
TEST(TeamProcess, DISABLED_PrintsItsSize) {
  std::printf("size %d.\n", size());
}

std::string size_with(std::vector<std::string> command, const std::map<std::string, std::string>& variables) {
  test::ProgramOptions options{"", {{"OMP_NUM_THREADS", ""}, {"OMP_THREAD_LIMIT", ""}}};
  for (const auto& [name, value] : variables) options.environment[name] = value;
  command.push_back(std::filesystem::read_symlink("/proc/self/exe"));
  command.push_back("--gtest_also_run_disabled_tests");
  command.push_back("--gtest_filter=TeamProcess.DISABLED_PrintsItsSize");
  return test::run_program(command, options).out;
}

TEST(TeamProcess, TakesTheThreadsThatTheEnvironmentSays) {
  using testing::HasSubstr;
  EXPECT_THAT(size_with({}, {{"OMP_NUM_THREADS", "7"}}), HasSubstr("size 7."));
  EXPECT_THAT(size_with({}, {{"OMP_NUM_THREADS", "4,2"}}), HasSubstr("size 4."));
  EXPECT_THAT(size_with({}, {{"OMP_NUM_THREADS", "7"}, {"OMP_THREAD_LIMIT", "3"}}), HasSubstr("size 3."));
  EXPECT_THAT(size_with({"taskset", "-c", "0"}, {}), HasSubstr("size 1."));
}
#endif

}  // namespace
}  // namespace runner::team
