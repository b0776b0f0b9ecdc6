#include "step_floor.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>

#include "engines/cpu/bf16/product.h"
#include "engines/cpu/bf16/units.h"
#include "engines/cpu/memory.h"
#include "engines/cpu/parallel.h"

namespace runner::bench {
namespace {

using lvm::cpu::Index;

template <class F>
double best_seconds(int rounds, const F& f) {
  f();
  double best = 1e30;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

double torch_seconds(const ProductSize& p, bool bf16, int rounds) {
  const auto type = bf16 ? torch::kBFloat16 : torch::kFloat32;
  const auto a = torch::randn({p.m, p.k}).to(type), b = torch::randn({p.k, p.n}).to(type);
  auto c = torch::empty({p.m, p.n}, type);
  return best_seconds(rounds, [&] { torch::mm_out(c, a, b); });
}

double own_seconds(const ProductSize& p, int rounds) {
  using namespace lvm::cpu;
  const Index k = round_up(p.k, 32), stride = k / 2 * 16;
  Memory a(static_cast<std::size_t>(round_up(p.m, 32) * k) * 2);
  Memory b(static_cast<std::size_t>(round_up(p.n, 32) / 16 * stride) * 4);
  Memory c(static_cast<std::size_t>(p.m * p.n) * 4);
  const Bf16Product product{static_cast<const std::uint16_t*>(a.data()),
                            k,
                            static_cast<const std::uint32_t*>(b.data()),
                            stride,
                            p.m,
                            p.n,
                            k,
                            static_cast<float*>(c.data()),
                            p.n,
                            false};
  return best_seconds(rounds, [&] { lvm::cpu::products(bf16_unit(), {product}); });
}

}  // namespace

std::vector<ProductSize> step_products(const lvm::cpu::Shape& s, std::int64_t batch) {
  const Index rows = batch * s.context, d = s.d_model, f = s.feedforward, whole = s.layers - 1;
  const std::vector<ProductSize> forward{{rows, d, s.input, 1},   {rows, 2 * d * s.layers, d, 1},
                                         {rows, 3 * d, d, whole}, {rows, d, d, 3 * whole},
                                         {rows, f, d, whole},     {rows, d, f, whole},
                                         {rows, 2 * d, d, 1},     {batch, d, d, 4},
                                         {batch, f, d, 1},        {batch, d, f, 1},
                                         {batch, d, d, 1},        {batch, s.output, d, 1}};
  std::vector<ProductSize> all;
  for (std::size_t i = 0; i < forward.size(); ++i) {
    const ProductSize& p = forward[i];
    if (p.count == 0) continue;
    all.push_back(p);
    all.push_back({p.n, p.k, p.m, p.count});             // gradient of the weight
    if (i > 0) all.push_back({p.m, p.k, p.n, p.count});  // of the input; the contexts need none
  }
  return all;
}

double flop(const std::vector<ProductSize>& products) {
  double total = 0;
  for (const ProductSize& p : products) total += 2.0 * static_cast<double>(p.m * p.n * p.k * p.count);
  return total;
}

double product_seconds(const std::vector<ProductSize>& products, bool bf16, int rounds) {
  double total = 0;
  for (const ProductSize& p : products) {
    double seconds = 1e30;
    // libtorch emulates bfloat16 very slowly where the CPU has none.
    if (!bf16 || lvm::cpu::bf16_unit().native) seconds = torch_seconds(p, bf16, rounds);
    if (bf16) seconds = std::min(seconds, own_seconds(p, rounds));
    total += static_cast<double>(p.count) * seconds;
  }
  return total;
}

double optimizer_seconds(std::int64_t parameters, int rounds) {
  // c = a + b moves 12 bytes an element.
  const Index n = parameters * 30 / 12;
  lvm::cpu::Memory a(static_cast<std::size_t>(n) * 4), b(static_cast<std::size_t>(n) * 4),
      c(static_cast<std::size_t>(n) * 4);
  const auto *x = static_cast<const float*>(a.data()), *y = static_cast<const float*>(b.data());
  auto* z = static_cast<float*>(c.data());
  return best_seconds(rounds, [&] {
    lvm::cpu::run_chunks(n, 1 << 15, [&](Index, Index begin, Index end) {
      for (Index i = begin; i < end; ++i) z[i] = x[i] + y[i];
    });
  });
}

}  // namespace runner::bench
