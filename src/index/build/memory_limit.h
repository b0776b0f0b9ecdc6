#pragma once
// What this process may still take.

#include <cstdint>
#include <filesystem>

namespace runner::ann {

// Bytes of memory that are available: of the machine (MemAvailable), or what the memory cgroups of this
// process leave when that is less. The greatest number where unknown. `root` is put before /proc and /sys:
// tests give a made-up tree.
std::uint64_t available_memory(const std::filesystem::path& root = "/");
// Free bytes of the file system that this folder, or the nearest one that exists above it, lies on.
std::uint64_t free_disk(const std::filesystem::path& folder);

}  // namespace runner::ann
