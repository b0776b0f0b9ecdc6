#pragma once
// train.products: which products the CPU engine computes with, and why.

#include <string>

#include "engines/cpu/blas/library.h"
#include "engines/cpu/shape.h"
#include "engines/engine_choice.h"

namespace runner::lvm::cpu {

struct ChosenProducts {
  const Blas* blas = nullptr;  // null: our own kernels
  std::string reason;          // for people
  ProductsUsed used() const { return {blas ? blas->name : "own", reason}; }
};

// What a choice depends on beside the wish.
struct ProductsPlace {
  bool arm64 = false, macos = false;
  const Blas* blas = nullptr;  // of this process
  bool ranks = false;          // several processes compute a batch
  std::string before = {};     // ProductsUsed::name of a run that goes on; "": it begins
};
ProductsPlace this_place();

// Milliseconds of a layer's three products, forward and backward, the better of some tries of each.
struct ProductTimes {
  double own = 0, blas = 0;
};
ProductTimes time_products(const Blas& blas, const Shape& shape);

// auto: our own, but on arm64 for float32 on macOS the BLAS, on Linux the faster of both as measured now, or
// as it was when the run began. Throws UsageError for a BLAS in bf16, EnvironmentError where there is none.
ChosenProducts choose_products(ProductsChoice wanted, Precision precision, const Shape& shape,
                               const ProductsPlace& place);

}  // namespace runner::lvm::cpu
