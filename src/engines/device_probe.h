#pragma once
// Does a device work, and in which precision is it best used?

#include <torch/torch.h>

#include <string>

#include "engines/engine_choice.h"
#include "environment/device_choice.h"

namespace runner::lvm {

// "" when a small product on the device comes out right, else why not, in one line. For
// runtime::choose_device.
std::string probe_device(const runtime::Device& device);

// Of several CUDA devices this thread's kernels, graphs and streams are on this one from here on.
void make_current(const torch::Device& device);

// fp32 or bf16, where the config leaves it open: bf16 where the hardware multiplies it
// natively (CPUs with AVX512-BF16 or AMX, CUDA from compute capability 8.0).
PrecisionChoice choose_precision(PrecisionChoice wanted, const runtime::Device& device);

}  // namespace runner::lvm
