#pragma once

namespace runner {
// "0.2.0": the project's version, as CMake has it.
const char* version();
}  // namespace runner
