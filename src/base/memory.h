#pragma once

namespace runner {
// Peak resident memory of this process in MB (10^6 bytes; VmHWM, mapped pages included); 0 where unknown.
double peak_memory_mb();
}  // namespace runner
