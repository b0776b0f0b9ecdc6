#pragma once
// CPU quotas of control groups.

#include <filesystem>
#include <optional>

namespace runner::runtime {

// CPU time that the cgroups of this process allow, in cores (1.5 = one and a half); nothing when unlimited.
// The lowest of all levels of the hierarchy, v1 (cpu.cfs_quota_us) and v2 (cpu.max). `root` is prefixed to
// /proc and to the mount points: tests give a made-up tree.
std::optional<double> cgroup_cores(const std::filesystem::path& root = "/");
// Seconds for which such a quota has stopped processes of this group so far, on all cores.
double cgroup_throttled(const std::filesystem::path& root = "/");

}  // namespace runner::runtime
