#pragma once
// Which process a rank is, so that ranks of the same machine see at once that it has ended.

#include <string>

namespace runner::ranks {

// Boot, namespace, number and start of this process. Empty where the system does not tell (no /proc).
std::string own_process();

// True when `process`, another's own_process(), is one of this machine and namespace and has ended.
bool has_ended(const std::string& process);

}  // namespace runner::ranks
