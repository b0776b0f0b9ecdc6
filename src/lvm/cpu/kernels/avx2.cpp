#include "lvm/cpu/kernels/table.h"

RUNNER_KERNEL_TABLE(avx2)
