// What a run and a plan say beside others that compute.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "environment/contention.h"
#include "jobs/train/small_run.h"
#include "support/busy_cores.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

int times(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(BusyMachine, ARunSaysOnceWhatItLost) {
  if (!runtime::CpuClock().read()) GTEST_SKIP() << "this kernel does not count how long threads wait";
  const OneCore core;
  const BusyProcesses others(2);
  const TemporaryFolder folder;
  const ProgramResult run = run_runner(small_run(folder / "run"), in_source());
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(times(run.err, "goes into waiting for a core"), 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("other processes compute on these cores"));
  const double lost = result_of(run).value("cpu_share_lost", 0.0);
  EXPECT_GT(lost, 0.3);
  EXPECT_LT(lost, 1);
}

TEST(BusyMachine, APlanCountsWhatComputesBesideIt) {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  const BusyProcesses others(cores);
  ProgramResult plan = run_runner({"plan", "configs/p6b_v23.yaml"}, in_source());
  ASSERT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("busy      others compute"));
  EXPECT_THAT(plan.out, HasSubstr("beside them about"));
  plan = run_runner({"plan", "configs/p6b_v23.yaml", "--json"}, in_source());
  EXPECT_GT(result_of(plan).value("slowdown_now", 0.0), 1.1);
}

}  // namespace
}  // namespace runner::test
