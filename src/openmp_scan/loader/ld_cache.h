#pragma once
// /etc/ld.so.cache: what ldconfig found, by name.

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>

#include "openmp_scan/binaries/binary_bytes.h"

namespace runner::runtime {

class LdCache {
 public:
  LdCache() = default;
  // Entries for `arch` only, the best for this CPU where there are several. A broken cache has none.
  static LdCache read(const std::filesystem::path& path, const std::string& arch);
  static LdCache read(const BinaryBytes& source, const std::string& arch);
  const std::string* find(const std::string& name) const;
  std::size_t size() const { return paths_.size(); }

 private:
  std::unordered_map<std::string, std::string> paths_;
};

// 0: not a level name. "x86-64-v3" → 3.
int hwcaps_level(const std::string& name);
// The highest x86-64 level of this machine's CPU, 1 to 4; 0 on another architecture.
int cpu_hwcaps_level();

}  // namespace runner::runtime
