#pragma once

namespace runner {
// Peak resident memory of this process in MB (10^6 bytes; VmHWM, mapped pages included); 0 where unknown.
double peak_memory_mb();

// Gives freed memory that malloc keeps back to the system (glibc; nothing elsewhere). For moments between two
// kinds of work: jobs with libtorch keep large blocks on purpose (MALLOC_TRIM_THRESHOLD_), so that a step
// finds them again. A few ms; safe from any thread.
void return_free_memory();
}  // namespace runner
