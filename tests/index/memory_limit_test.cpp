#include "index/build/memory_limit.h"

#include "index/made_vectors.h"

namespace runner::ann {
namespace {

TEST(MemoryLimit, IsWhatTheMachineHasAvailable) {
  const test::TemporaryFolder root;
  root.write("proc/meminfo", "MemTotal: 999 kB\nMemAvailable:     500 kB\n");
  root.write("proc/self/cgroup", "0::/\n");
  EXPECT_EQ(available_memory(root.path()), 512000U);
}

TEST(MemoryLimit, IsWhatTheTightestGroupLeaves) {
  const test::TemporaryFolder root;
  root.write("proc/meminfo", "MemAvailable: 5000000 kB\n");
  root.write("proc/self/cgroup", "0::/outer/inner\n");
  root.write("sys/fs/cgroup/outer/memory.max", "1000000\n");
  root.write("sys/fs/cgroup/outer/memory.current", "700000\n");
  root.write("sys/fs/cgroup/outer/memory.stat", "anon 300000\ninactive_file 400000\n");
  root.write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
  EXPECT_EQ(available_memory(root.path()), 700000U) << "page cache of files can be dropped";
}

TEST(MemoryLimit, KnowsTheOlderHierarchy) {
  const test::TemporaryFolder root;
  root.write("proc/meminfo", "MemAvailable: 5000000 kB\n");
  root.write("proc/self/cgroup", "4:memory:/job\n3:cpu,cpuacct:/\n");
  root.write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2000000\n");
  root.write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "500000\n");
  EXPECT_EQ(available_memory(root.path()), 1500000U);
}

TEST(FreeDisk, IsThatOfTheNearestFolderThatExists) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(free_disk(folder / "a" / "b" / "c") / 100000000, free_disk(folder.path()) / 100000000);
}

}  // namespace
}  // namespace runner::ann
