// `runner plan --ranks N` on the sample.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranks/rank_processes.h"

namespace runner::test {
namespace {

Json planned(const std::vector<std::string>& more) {
  auto line = small_training("unused", {"--ranks", "4", "--set", "environment.threads=1"});
  line[0] = "plan";
  line.insert(line.end(), more.begin(), more.end());
  const auto result = run_runner(line);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return last_object(result.out);
}

double step_ms(const Json& plan, std::size_t row) {
  return plan.at("ranks_forecast").at(row).at("step_ms").get<double>();
}

TEST(PlanRanks, NoLinkHidesWhatTheExchangeComputesOnTheCoresOfAStep) {
  const Json plan =
      planned({"--set", "plan.link_gbit=1000000", "--set", "plan.latency_us=0", "--set", "plan.overlap=1"});
  EXPECT_EQ(plan.at("ranks_forecast").size(), 3u) << "1, 2 and 4 ranks";
  const Json& measured = plan.at("ranks_measured");
  EXPECT_EQ(measured.at("cores"), 1);
  const double computing = measured.at("sum_computing_ms").get<double>();
  EXPECT_GT(computing, 0);
  const double shared = measured.at("shared_ms").get<double>();  // of the rows of another rank
  EXPECT_NEAR(step_ms(plan, 1), step_ms(plan, 0) + shared + computing, 0.01);
  EXPECT_NEAR(step_ms(plan, 2), step_ms(plan, 0) + 3 * shared + 1.5 * computing, 0.01);
}

TEST(PlanRanks, ASlowLinkIsWaitedForBeyondTheShareOfAStepBesideIt) {
  const Json plan =
      planned({"--set", "plan.link_gbit=0.001", "--set", "plan.latency_us=0", "--set", "plan.overlap=0.5"});
  // Two ranks send each other half of the gradients and half of the sums; and 32 predictions.
  const double bytes = plan.at("ranks_assumed").at("gradient_bytes").get<double>() + 32 * 768 * 4;
  const double computing = plan.at("ranks_measured").at("sum_computing_ms").get<double>();
  const double shared = plan.at("ranks_measured").at("shared_ms").get<double>();
  EXPECT_NEAR(step_ms(plan, 1), 0.5 * step_ms(plan, 0) + shared + computing + 1000 * bytes / 125e3, 0.01);
}

}  // namespace
}  // namespace runner::test
