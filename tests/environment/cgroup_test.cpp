// A made-up /proc and /sys below a temporary folder.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "environment/cgroup.h"

namespace runner::runtime {
namespace {

namespace fs = std::filesystem;

class CgroupTree : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("runner_cgroup_" + std::to_string(::getpid()) + "_" +
                                         testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void file(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void mount_v2() {
    file("proc/self/mountinfo",
         "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  }

  fs::path root_;
};

TEST_F(CgroupTree, NoLimitWhereNothingIsMounted) {
  EXPECT_FALSE(cgroup_cores(root_));
}

TEST_F(CgroupTree, ReadsTheOwnGroupOfVersion2) {
  mount_v2();
  file("proc/self/cgroup", "0::/user.slice/job.scope\n");
  file("sys/fs/cgroup/user.slice/job.scope/cpu.max", "150000 100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cores(root_).value(), 1.5);
}

TEST_F(CgroupTree, TheLowestOfAllLevelsCounts) {
  mount_v2();
  file("proc/self/cgroup", "0::/a/b/c\n");
  file("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  file("sys/fs/cgroup/a/b/cpu.max", "800000 100000\n");
  file("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cores(root_).value(), 3.0);
}

TEST_F(CgroupTree, AContainerSeesItsLimitAtTheTop) {
  mount_v2();
  file("proc/self/cgroup", "0::/\n");
  file("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cores(root_).value(), 2.0);
}

TEST_F(CgroupTree, MaxMeansNoLimit) {
  mount_v2();
  file("proc/self/cgroup", "0::/\n");
  file("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_FALSE(cgroup_cores(root_));
}

TEST_F(CgroupTree, ReadsVersion1) {
  file("proc/self/mountinfo",
       "31 23 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
       "33 23 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n");
  file("proc/self/cgroup", "5:memory:/other\n4:cpu,cpuacct:/batch/job7\n");
  file("sys/fs/cgroup/cpu,cpuacct/batch/job7/cpu.cfs_quota_us", "-1\n");
  file("sys/fs/cgroup/cpu,cpuacct/batch/job7/cpu.cfs_period_us", "100000\n");
  file("sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us", "400000\n");
  file("sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cores(root_).value(), 4.0);
}

TEST_F(CgroupTree, AVersion1ContainerShowsOnlyItsOwnPart) {
  file("proc/self/mountinfo", "33 23 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  file("proc/self/cgroup", "4:cpu:/docker/abc\n");
  file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
  file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cores(root_).value(), 2.5);
}

TEST_F(CgroupTree, BothVersionsAtOnceGiveTheLowerLimit) {
  file("proc/self/mountinfo",
       "33 23 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
       "34 23 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  file("proc/self/cgroup", "4:cpu:/\n0::/\n");
  file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "600000\n");
  file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  file("sys/fs/cgroup/unified/cpu.max", "500000 100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cores(root_).value(), 5.0);
}

TEST_F(CgroupTree, NonsenseIsNoLimit) {
  mount_v2();
  file("proc/self/cgroup", "0::/../..\nnonsense\n");
  file("sys/fs/cgroup/cpu.max", "abc 0\n");
  EXPECT_FALSE(cgroup_cores(root_));
}

}  // namespace
}  // namespace runner::runtime
