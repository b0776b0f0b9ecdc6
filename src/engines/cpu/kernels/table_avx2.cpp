#include "engines/cpu/kernels/table.h"

RUNNER_KERNEL_TABLE(avx2)
