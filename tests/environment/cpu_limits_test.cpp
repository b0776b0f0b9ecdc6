#include "environment/cpu_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#ifdef __linux__
#include <sched.h>
#endif

namespace runner::runtime {
namespace {

CpuFacts facts(int machine, int affinity) {
  CpuFacts f;
  f.machine = machine;
  f.affinity = affinity;
  return f;
}

LocalRanks ranks(int count, bool may_bind, int per_rank = 0) {
  return {count, "VARIABLE", may_bind, per_rank};
}

TEST(ThreadShare, TakesEveryCoreOfAFreeMachine) {
  EXPECT_EQ(thread_share(facts(8, 8)).threads, 8);
}

TEST(ThreadShare, StaysWithinTheAffinityMask) {
  const ThreadShare share = thread_share(facts(16, 3));
  EXPECT_EQ(share.threads, 3);
  EXPECT_THAT(share.reason, testing::HasSubstr("3 of 16 cores by affinity"));
}

TEST(ThreadShare, RoundsAQuotaDownButNotToNothing) {
  CpuFacts f = facts(8, 8);
  f.quota = 2.9;
  EXPECT_EQ(thread_share(f).threads, 2);
  f.quota = 0.5;
  EXPECT_EQ(thread_share(f).threads, 1);
  f.quota = 20;
  EXPECT_EQ(thread_share(f).threads, 8);
}

TEST(ThreadShare, TorchrunsRanksDivideTheMask) {
  CpuFacts f = facts(16, 4);
  f.ranks = ranks(2, false);
  EXPECT_EQ(thread_share(f).threads, 2);
}

TEST(ThreadShare, BoundRanksKeepTheirMask) {
  CpuFacts f = facts(16, 4);
  f.ranks = ranks(4, true);
  EXPECT_EQ(thread_share(f).threads, 4);
}

TEST(ThreadShare, UnboundRanksOfMpiDivideTheMachine) {
  CpuFacts f = facts(16, 16);
  f.ranks = ranks(4, true);
  EXPECT_EQ(thread_share(f).threads, 4);
}

TEST(ThreadShare, SlurmsCoresPerTaskCount) {
  CpuFacts f = facts(16, 16);
  f.ranks = ranks(2, true, 6);
  EXPECT_EQ(thread_share(f).threads, 6);
}

TEST(ThreadShare, RanksShareTheQuota) {
  CpuFacts f = facts(16, 16);
  f.ranks = ranks(2, false);
  f.quota = 6;
  EXPECT_EQ(thread_share(f).threads, 3);
}

TEST(ThreadShare, MoreRanksThanCoresHaveAThreadEach) {
  CpuFacts f = facts(8, 8);
  f.ranks = ranks(100, false);
  EXPECT_EQ(thread_share(f).threads, 1);
}

TEST(LocalRanks, OneWithoutAStarter) {
  EXPECT_EQ(local_ranks({}).count, 1);
}

TEST(LocalRanks, TorchrunGoesBeforeSlurm) {
  const LocalRanks r =
      local_ranks({{"LOCAL_WORLD_SIZE", "4"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS_PER_NODE", "1"}});
  EXPECT_EQ(r.count, 4);
  EXPECT_EQ(r.source, "LOCAL_WORLD_SIZE");
  EXPECT_FALSE(r.may_bind);
}

TEST(LocalRanks, ReadsSlurmsRepetition) {
  const LocalRanks r = local_ranks(
      {{"SLURM_PROCID", "1"}, {"SLURM_STEP_TASKS_PER_NODE", "3(x2)"}, {"SLURM_CPUS_PER_TASK", "5"}});
  EXPECT_EQ(r.count, 3);
  EXPECT_EQ(r.cores_per_rank, 5);
}

TEST(LocalRanks, ASlurmBatchScriptIsNoTask) {
  EXPECT_EQ(local_ranks({{"SLURM_NTASKS_PER_NODE", "8"}}).count, 1);
}

TEST(LocalRanks, ReadsOpenMpi) {
  const LocalRanks r = local_ranks({{"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  EXPECT_EQ(r.count, 2);
  EXPECT_TRUE(r.may_bind);
}

TEST(LocalRanks, NonsenseIsIgnored) {
  EXPECT_EQ(local_ranks({{"LOCAL_WORLD_SIZE", "many"}}).count, 1);
  EXPECT_EQ(local_ranks({{"LOCAL_WORLD_SIZE", "-2"}}).count, 1);
}

#ifdef __linux__
TEST(Affinity, FollowsTheMaskOfThisProcess) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(affinity_cores(), 1);
  ::sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(affinity_cores(), CPU_COUNT(&before));
}
#endif

}  // namespace
}  // namespace runner::runtime
