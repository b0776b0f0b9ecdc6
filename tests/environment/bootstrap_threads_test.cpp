#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "environment/bootstrap.h"

namespace runner::runtime {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Kind = Decision::Action;

std::vector<Decision> decide_on_four_cores(const Environment& inherited, const std::string& threads = "auto",
                                           std::vector<std::string> keep = {}) {
  BootstrapFacts facts;
  facts.share = {4, "4 cores"};
  return decide_environment(inherited, {threads, std::move(keep)}, facts);
}

Decision named(const std::vector<Decision>& decisions, const std::string& name) {
  for (const Decision& decision : decisions)
    if (decision.name == name) return decision;
  ADD_FAILURE() << name << " is not decided";
  return {};
}

TEST(Threads, AutoGivesEveryPoolTheShare) {
  const auto decisions = decide_on_four_cores({});
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"})
    EXPECT_EQ(named(decisions, name).value, "4") << name;
  EXPECT_EQ(named(decisions, "OMP_NUM_THREADS").reason, "4 cores");
  EXPECT_EQ(decided_threads(decisions), 4);
}

TEST(Threads, TheUsersNumberWinsAndTheOtherPoolsFollow) {
  const auto decisions = decide_on_four_cores({{"OMP_NUM_THREADS", "3,1"}});
  EXPECT_EQ(named(decisions, "OMP_NUM_THREADS").action, Kind::kept);
  EXPECT_THAT(named(decisions, "OMP_NUM_THREADS").warning, HasSubstr("3 of 4 threads"));
  EXPECT_EQ(named(decisions, "OPENBLAS_NUM_THREADS").value, "3");
  EXPECT_EQ(decided_threads(decisions), 3);
}

TEST(Threads, MoreThanTheCoresIsAWarning) {
  EXPECT_THAT(named(decide_on_four_cores({{"OMP_NUM_THREADS", "16"}}), "OMP_NUM_THREADS").warning,
              HasSubstr("16 threads on 4 cores"));
  EXPECT_THAT(named(decide_on_four_cores({{"OPENBLAS_NUM_THREADS", "16"}}), "OPENBLAS_NUM_THREADS").warning,
              HasSubstr("16 threads on 4 cores"));
  EXPECT_THAT(named(decide_on_four_cores({}, "16"), "OMP_NUM_THREADS").warning,
              HasSubstr("16 threads on 4 cores"));
}

TEST(Threads, ASlowerBlasIsAWarning) {
  EXPECT_THAT(named(decide_on_four_cores({{"MKL_NUM_THREADS", "1"}}), "MKL_NUM_THREADS").warning,
              HasSubstr("1 of 4 threads"));
}

TEST(Threads, TorchrunsOwnOneIsNamed) {
  const Decision decision = named(
      decide_on_four_cores({{"OMP_NUM_THREADS", "1"}, {"TORCHELASTIC_RUN_ID", "none"}}), "OMP_NUM_THREADS");
  EXPECT_THAT(decision.warning, HasSubstr("torchrun sets OMP_NUM_THREADS=1"));
}

TEST(Threads, TheConfiguredNumberReplacesTheVariable) {
  const Decision decision = named(decide_on_four_cores({{"OMP_NUM_THREADS", "1"}}, "2"), "OMP_NUM_THREADS");
  EXPECT_EQ(decision.action, Kind::overridden);
  EXPECT_EQ(decision.value, "2");
  EXPECT_EQ(decision.previous.value(), "1");
  EXPECT_THAT(decision.warning, HasSubstr("environment.keep"));
}

TEST(Threads, TheVariableWinsWhenKept) {
  const Decision decision =
      named(decide_on_four_cores({{"OMP_NUM_THREADS", "1"}}, "2", {"OMP_NUM_THREADS"}), "OMP_NUM_THREADS");
  EXPECT_EQ(decision.action, Kind::kept);
  EXPECT_EQ(decision.value, "1");
}

TEST(Threads, AnUnreadableNumberIsKeptWithAWarning) {
  const auto decisions = decide_on_four_cores({{"OMP_NUM_THREADS", "all"}});
  EXPECT_THAT(named(decisions, "OMP_NUM_THREADS").warning, HasSubstr("no number of threads"));
  EXPECT_EQ(named(decisions, "OPENBLAS_NUM_THREADS").value, "4");
}

TEST(Threads, AWrongConfiguredNumberIsRefused) {
  for (const char* bad : {"0", "-1", "two", "1.5", "99999"})
    EXPECT_THROW(decide_on_four_cores({}, bad), UsageError) << bad;
}

}  // namespace
}  // namespace runner::runtime
