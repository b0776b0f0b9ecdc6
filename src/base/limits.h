#pragma once

#include <string>

namespace runner {

// What this process's resource limits allow, as a shell names them: "`ulimit -v` allows 2.0 GB of addresses".
// "" when there is no limit of that kind.
std::string memory_limit();
std::string file_size_limit();
// All that end or starve a process, joined by "; ": memory, file size, processor time, processes, open files.
std::string limits_in_force();

}  // namespace runner
