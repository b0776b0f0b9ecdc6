#define RUNNER_NEON
#include "engines/cpu/kernels/table.h"

RUNNER_KERNEL_TABLE(neon)
