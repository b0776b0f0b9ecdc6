#pragma once
// train.engine, train.products and precision. No libtorch here: the launcher checks it.

#include <string>
#include <vector>

namespace runner::lvm {

// fitting: own kernels where they fit, else libtorch; fused: own CPU kernels, or on CUDA one graph a step.
enum class EngineChoice { fitting, plain, fused };
inline std::vector<std::string> words_of(EngineChoice) {
  return {"auto", "plain", "fused"};
}

// The float32 products of the CPU engine. fitting: own kernels, or on arm64 what
// engines/cpu/products_choice.h says.
enum class ProductsChoice { fitting, own, blas };
inline std::vector<std::string> words_of(ProductsChoice) {
  return {"auto", "own", "blas"};
}
// What an engine computes with, and why; both empty for one that has no choice.
struct ProductsUsed {
  std::string name;    // "own", "OpenBLAS 0.3.21"
  std::string reason;  // for people
};

// Of matrix products. fitting: as the job says; where something is computed it is one of the other two.
enum class PrecisionChoice { fitting, fp32, bf16 };
inline std::vector<std::string> words_of(PrecisionChoice) {
  return {"auto", "fp32", "bf16"};
}

}  // namespace runner::lvm
