#pragma once
// Where memory went away under the worker (SIGBUS), told to the launcher through the page of base/status.h:
// it can look up which file was mapped there, whoever mapped it.

#include <cstdint>

namespace runner::status {

void set_fault_address(const void* address);  // async-signal-safe
std::uintptr_t fault_address();               // 0: none

}  // namespace runner::status
