#pragma once
// train.engine and precision. No libtorch here: the launcher checks it.

#include <string>
#include <vector>

namespace runner::lvm {

// fitting: own kernels where they fit, else libtorch; fused: own CPU kernels, or on CUDA one graph a step.
enum class EngineChoice { fitting, plain, fused };
inline std::vector<std::string> words_of(EngineChoice) {
  return {"auto", "plain", "fused"};
}

// Of matrix products. fitting: as the job says; where something is computed it is one of the other two.
enum class PrecisionChoice { fitting, fp32, bf16 };
inline std::vector<std::string> words_of(PrecisionChoice) {
  return {"auto", "fp32", "bf16"};
}

}  // namespace runner::lvm
