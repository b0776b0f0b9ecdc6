#include "engines/cpu/products_choice.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "engines/cpu/blas/products.h"
#include "engines/cpu/fp32/products.h"

namespace runner::lvm::cpu {
namespace {

using std::chrono::steady_clock;

// In ms.
double time_layer(Products& products, const LinearAt& w, const Rows& x, const Output& y, const Output& dx) {
  const auto start = steady_clock::now();
  products.forward(w, x, y);
  products.begin_backward();
  products.backward(w, {y.data, y.ld, x.count}, x, dx);
  return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

const Blas* required(const Blas* blas) {
  if (blas == nullptr)
    throw EnvironmentError(
        "this process has no BLAS that can be called (libtorch keeps its own to itself): take own, or a "
        "libtorch that uses the system's (docs/performance.md)",
        "train.products");
  return blas;
}

}  // namespace

ProductsPlace this_place() {
  ProductsPlace place;
#if defined(__aarch64__)
  place.arm64 = true;
#endif
#if defined(__APPLE__)
  place.macos = true;
#endif
  place.blas = process_blas();
  return place;
}

ProductTimes time_products(const Blas& blas, const Shape& shape) {
  constexpr std::int64_t batch = 32;
  constexpr int tries = 5;
  const std::int64_t rows = batch * shape.context, in = shape.d_model, out = shape.feedforward;
  const auto filled = [](std::int64_t n) { return std::vector<float>(static_cast<std::size_t>(n), 0.5f); };
  auto w = filled(out * in), dw = filled(out * in), x = filled(rows * in), y = filled(rows * out),
       dx = filled(rows * in);
  const auto own = make_fp32_products(w.data(), dw.data());
  const auto other = make_blas_products(blas, w.data(), dw.data());
  const auto time = [&](Products& products) {
    return time_layer(products, {0, 0, out, in}, {x.data(), in, rows}, {y.data(), out}, {dx.data(), in});
  };
  ProductTimes best{std::numeric_limits<double>::max(), std::numeric_limits<double>::max()};
  time(*own);
  time(*other);
  for (int i = 0; i < tries; ++i) {  // in turns: a machine's speed moves
    best.own = std::min(best.own, time(*own));
    best.blas = std::min(best.blas, time(*other));
  }
  return best;
}

ChosenProducts choose_products(ProductsChoice wanted, Precision precision, const Shape& shape,
                               const ProductsPlace& place) {
  constexpr const char* asked = "as train.products says";
  if (wanted == ProductsChoice::own) return {nullptr, asked};
  if (wanted == ProductsChoice::blas) {
    if (precision == Precision::bf16)
      throw UsageError("blas multiplies fp32 only: set precision to fp32, or train.products to own",
                       "train.products");
    return {required(place.blas), asked};
  }
  if (precision == Precision::bf16) return {nullptr, "auto in bf16"};
  if (!place.arm64) return {nullptr, "auto on x86-64"};
  if (place.blas == nullptr) return {nullptr, "no BLAS can be called here"};
  if (place.macos) return {place.blas, "auto on macOS"};
  if (place.ranks) return {nullptr, "auto with ranks"};  // who measure differently would compute differently
  if (!place.before.empty()) return {place.before == "own" ? nullptr : place.blas, "as the run began"};
  const ProductTimes times = time_products(*place.blas, shape);
  return {times.blas < times.own ? place.blas : nullptr,
          fmt::format("measured: own {:.1f} ms, {} {:.1f} ms", times.own, place.blas->name, times.blas)};
}

}  // namespace runner::lvm::cpu
