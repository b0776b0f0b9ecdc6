#pragma once
// train.engine. No libtorch here: the launcher checks it.

#include <string>
#include <vector>

namespace runner::lvm {

// fitting: own kernels where they fit, else libtorch; fused: own CPU kernels, or on CUDA one graph a step.
enum class EngineChoice { fitting, plain, fused };
inline std::vector<std::string> words_of(EngineChoice) {
  return {"auto", "plain", "fused"};
}

}  // namespace runner::lvm
