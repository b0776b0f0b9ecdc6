#include "environment/cgroup.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

namespace runner::runtime {
namespace {

namespace fs = std::filesystem;

// One mounted hierarchy that can limit CPU time.
struct Mount {
  fs::path point;   // where it is mounted
  std::string top;  // the cgroup that the mount shows as its root: "/" or, in a container, "/docker/ID"
  bool v2 = false;
};

fs::path below(const fs::path& root, const std::string& absolute) {
  return root / fs::path(absolute).relative_path();
}

bool lists(const std::string& comma_list, const std::string& word) {
  std::istringstream in(comma_list);
  for (std::string item; std::getline(in, item, ',');)
    if (item == word) return true;
  return false;
}

// /proc/self/mountinfo, a line: 36 35 98:0 TOP POINT rw,noatime shared:1 - TYPE SOURCE OPTIONS
std::vector<Mount> cpu_mounts(const fs::path& root) {
  std::vector<Mount> mounts;
  std::ifstream in(root / "proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash)), after(line.substr(dash + 3));
    std::string id, parent, device, top, point, type, source, options;
    before >> id >> parent >> device >> top >> point;
    after >> type >> source >> options;
    if (type == "cgroup2") mounts.push_back({below(root, point), top, true});
    if (type == "cgroup" && lists(options, "cpu")) mounts.push_back({below(root, point), top, false});
  }
  return mounts;
}

// /proc/self/cgroup: "0::/user.slice/…" is v2, "4:cpu,cpuacct:/docker/ID" is v1.
std::string own_group(const fs::path& root, bool v2) {
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (v2 ? controllers.empty() : lists(controllers, "cpu")) return line.substr(second + 1);
  }
  return "/";
}

std::optional<double> ratio(double quota, double period) {
  if (quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

std::optional<double> quota_v2(const fs::path& folder) {
  std::ifstream in(folder / "cpu.max");
  std::string quota;
  double period = 0;
  if (!(in >> quota >> period) || quota == "max") return std::nullopt;
  return ratio(std::atof(quota.c_str()), period);
}

std::optional<double> quota_v1(const fs::path& folder) {
  std::ifstream quota_file(folder / "cpu.cfs_quota_us"), period_file(folder / "cpu.cfs_period_us");
  double quota = 0, period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return std::nullopt;
  return ratio(quota, period);  // -1 is unlimited
}

// cpu.stat is a list of names and numbers: microseconds in v2, nanoseconds in v1.
double throttled(const fs::path& folder, bool v2) {
  std::ifstream in(folder / "cpu.stat");
  std::string name;
  for (double number; in >> name >> number;) {
    if (v2 && name == "throttled_usec") return number * 1e-6;
    if (!v2 && name == "throttled_time") return number * 1e-9;
  }
  return 0;
}

// f(folder, v2) for the control groups that this process is in, up to the top of each hierarchy.
template <class F>
void each_group(const fs::path& root, const F& f) {
  for (const Mount& mount : cpu_mounts(root)) {
    // Inside a container the mount may show only the part below `top`, while /proc/self/cgroup gives the path
    // from the real root; what is not visible is skipped by the walk.
    std::string group = own_group(root, mount.v2);
    if (mount.top != "/" && group.starts_with(mount.top)) group = group.substr(mount.top.size());
    fs::path relative = fs::path("/" + group).lexically_normal().relative_path();
    while (true) {
      f(mount.point / relative, mount.v2);
      if (relative.empty()) break;
      relative = relative.parent_path();
    }
  }
}

}  // namespace

std::optional<double> cgroup_cores(const fs::path& root) {
  std::optional<double> lowest;
  each_group(root, [&](const fs::path& folder, bool v2) {
    const auto here = v2 ? quota_v2(folder) : quota_v1(folder);
    if (here && (!lowest || *here < *lowest)) lowest = here;
  });
  return lowest;
}

double cgroup_throttled(const fs::path& root) {
  double most = 0;
  each_group(root, [&](const fs::path& folder, bool v2) { most = std::max(most, throttled(folder, v2)); });
  return most;
}

}  // namespace runner::runtime
