#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>

namespace runner::runtime {

// The file that a process has mapped (shared, as data; not a library) at an address, as the kernel names it;
// "" when there is none, or where the system does not tell (macOS).
std::string mapped_file_at(pid_t pid, std::uintptr_t address);

}  // namespace runner::runtime
