#include "index/build/memory_limit.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace runner::ann {
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

std::uint64_t number_in(const fs::path& path, std::uint64_t otherwise) {
  std::ifstream in(path);
  std::uint64_t value;
  return in >> value ? value : otherwise;  // "max" is no number
}

// Page cache of files in the group can be dropped: it counts as free.
std::uint64_t file_cache(const fs::path& stat) {
  std::ifstream in(stat);
  std::string key;
  std::uint64_t value, sum = 0;
  while (in >> key >> value)
    if (key == "inactive_file" || key == "active_file") sum += value;
  return sum;
}

std::uint64_t left_in_group(const fs::path& folder, const char* limit_name, const char* usage_name) {
  const std::uint64_t limit = number_in(folder / limit_name, unlimited);
  if (limit > unlimited / 4) return unlimited;
  const std::uint64_t usage = number_in(folder / usage_name, 0);
  const std::uint64_t fixed = usage - std::min(usage, file_cache(folder / "memory.stat"));
  return limit - std::min(limit, fixed);
}

// The group of this process and all above it.
std::uint64_t left_in_groups(const fs::path& root) {
  std::ifstream in(root / "proc/self/cgroup");
  std::uint64_t left = unlimited;
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool v2 = controllers.empty();
    if (!v2 && ("," + controllers + ",").find(",memory,") == std::string::npos) continue;
    const fs::path mount = root / (v2 ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      left =
          std::min(left, v2 ? left_in_group(mount / group, "memory.max", "memory.current")
                            : left_in_group(mount / group, "memory.limit_in_bytes", "memory.usage_in_bytes"));
      if (group.empty()) break;
    }
  }
  return left;
}

std::uint64_t machine_memory(const fs::path& root) {
  std::ifstream in(root / "proc/meminfo");
  std::string key, unit;
  std::uint64_t kib;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    if (words >> key >> kib && key == "MemAvailable:") return kib * 1024;
  }
  return unlimited;
}

}  // namespace

std::uint64_t available_memory(const fs::path& root) {
  return std::min(machine_memory(root), left_in_groups(root));
}

std::uint64_t free_disk(const fs::path& folder) {
  fs::path place = fs::absolute(folder.empty() ? fs::path(".") : folder);
  std::error_code error;
  while (!fs::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  const fs::space_info space = fs::space(place, error);
  return error ? unlimited : static_cast<std::uint64_t>(space.available);
}

}  // namespace runner::ann
