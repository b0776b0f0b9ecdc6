#pragma once

namespace runner {
// "0.1.0": the project's version, as CMake has it.
const char* version();
}  // namespace runner
