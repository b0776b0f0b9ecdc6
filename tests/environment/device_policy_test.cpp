#include "environment/device_policy.h"

#include <gtest/gtest.h>

#include <string>

namespace runner::runtime {
namespace {

struct PolicyRow {
  DeviceKind device;
  int parallelism;
  bool force_graph_path;
  int processes, threads;
  LinearKernel linear;
  bool main_thread, one_submitter;
};

std::string name_of(const testing::TestParamInfo<PolicyRow>& row) {
  return std::string(to_string(row.param.device)) + "_" + std::to_string(row.param.parallelism + 1) + "_" +
         (row.param.force_graph_path ? "graph" : "plain");
}

class DeviceTable : public testing::TestWithParam<PolicyRow> {};

TEST_P(DeviceTable, GivesTheMeasuredLimits) {
  const PolicyRow& row = GetParam();
  const DevicePolicy policy = device_policy(row.device, row.parallelism, row.force_graph_path);
  EXPECT_EQ(policy.processes, row.processes);
  EXPECT_EQ(policy.module_threads, row.threads);
  EXPECT_EQ(policy.linear, row.linear);
  EXPECT_EQ(policy.initialise_on_main_thread, row.main_thread);
  EXPECT_EQ(policy.one_submitting_thread, row.one_submitter);
  EXPECT_EQ(policy.held_against_cpu, row.device == DeviceKind::mps);
}

constexpr auto cpu = DeviceKind::cpu;
constexpr auto mps = DeviceKind::mps;
constexpr auto cuda = DeviceKind::cuda;
constexpr auto linear = LinearKernel::linear;
constexpr auto addmm = LinearKernel::addmm;

INSTANTIATE_TEST_SUITE_P(DevicePolicy, DeviceTable,
                         testing::Values(PolicyRow{cpu, 1, false, 1, 1, linear, false, false},
                                         PolicyRow{cpu, 8, false, 1, 8, linear, false, false},
                                         PolicyRow{cpu, -1, false, 1, 1, linear, false, false},
                                         PolicyRow{cuda, 1, false, 1, 1, linear, false, false},
                                         PolicyRow{cuda, 4, false, 4, 1, linear, false, false},
                                         PolicyRow{mps, 0, false, 1, 1, addmm, true, true},
                                         PolicyRow{mps, 1, false, 1, 1, addmm, true, true},
                                         PolicyRow{mps, 2, false, 1, 2, addmm, true, true},
                                         PolicyRow{mps, 3, false, 2, 2, addmm, true, true},
                                         PolicyRow{mps, 4, false, 2, 2, addmm, true, true},
                                         PolicyRow{mps, 8, false, 4, 2, addmm, true, true},
                                         PolicyRow{mps, 2, true, 1, 2, addmm, true, true},
                                         PolicyRow{mps, 3, true, 2, 2, addmm, true, true},
                                         PolicyRow{mps, 8, true, 4, 2, addmm, true, true}),
                         name_of);

}  // namespace
}  // namespace runner::runtime
