// The engine's kernels one by one, at the sizes of a batch of 32 (160 rows) and 256 (1280 rows), one thread.

#include <benchmark/benchmark.h>

#include <vector>

#include "lvm/cpu/bf16/product.h"
#include "lvm/cpu/kernels.h"
#include "lvm/cpu/products.h"

namespace {

using namespace runner::lvm::cpu;

constexpr Index d = 512, feedforward = 2048;

std::vector<float> filled(Index n) {
  return std::vector<float>(static_cast<std::size_t>(n), 0.5f);
}

void set_bytes(benchmark::State& state, Index bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * bytes);
}

void norm_forward(benchmark::State& state) {
  const Index rows = state.range(0);
  auto sum = filled(rows * d), residual = filled(rows * d), out = filled(rows * d), bias = filled(d),
       row = filled(rows);
  NormForward n;
  n.sum = sum.data();
  n.bias = n.gamma = n.beta = bias.data();
  n.residual = residual.data();
  n.residual_ld = d;
  n.out = out.data();
  n.mean = n.rstd = row.data();
  n.columns = d;
  n.dropout = make_dropout({1, 1}, 0, 0, 0.1);
  for (auto _ : state) kernels().norm_forward(n, 0, rows);
  set_bytes(state, rows * d * 16);
}
BENCHMARK(norm_forward)->Arg(160)->Arg(1280);

void norm_backward(benchmark::State& state) {
  const Index rows = state.range(0);
  auto dout = filled(rows * d), sum = filled(rows * d), dsum = filled(rows * d), dbranch = filled(rows * d);
  auto gamma = filled(d), row = filled(rows), partial = filled(3 * d);
  NormBackward n;
  n.dout = dout.data();
  n.sum = sum.data();
  n.mean = n.rstd = row.data();
  n.gamma = gamma.data();
  n.dsum = dsum.data();
  n.dsum_ld = d;
  n.dbranch = dbranch.data();
  n.columns = d;
  n.dropout = make_dropout({1, 1}, 0, 0, 0.1);
  for (auto _ : state) kernels().norm_backward(n, partial.data(), 0, rows);
  set_bytes(state, rows * d * 16);
}
BENCHMARK(norm_backward)->Arg(160)->Arg(1280);

void relu_forward(benchmark::State& state) {
  const Index rows = state.range(0);
  auto y = filled(rows * feedforward), bias = filled(feedforward);
  const Dropout drop = make_dropout({1, 1}, 0, 0, 0.1);
  for (auto _ : state) kernels().relu_forward(y.data(), feedforward, bias.data(), drop, 0, rows);
  set_bytes(state, rows * feedforward * 8);
}
BENCHMARK(relu_forward)->Arg(160)->Arg(1280);

void relu_backward(benchmark::State& state) {
  const Index rows = state.range(0);
  auto dy = filled(rows * feedforward), y = filled(rows * feedforward), partial = filled(feedforward);
  for (auto _ : state)
    kernels().relu_backward(dy.data(), y.data(), feedforward, 1.0f, partial.data(), 0, rows);
  set_bytes(state, rows * feedforward * 12);
}
BENCHMARK(relu_backward)->Arg(160)->Arg(1280);

void attention(benchmark::State& state, bool backward) {
  const Index batch = state.range(0), rows = batch * 5;
  auto q = filled(rows * d), kv = filled(rows * 2 * d), p = filled(batch * 8 * 25), out = filled(rows * d);
  auto dq = filled(rows * d), dkv = filled(rows * 2 * d), bias = filled(3 * d), partial = filled(3 * d);
  for (float& b : bias) b = 0;
  AttentionForward f;
  f.shape = {8, 64, 5, 5, make_dropout({1, 1}, 0, 0, 0.1), d, 2 * d};
  f.q = q.data();
  f.k = kv.data();
  f.v = kv.data() + d;
  f.q_bias = f.k_bias = f.v_bias = bias.data();
  f.probabilities = p.data();
  f.out = out.data();
  const AttentionBackward b{f.shape,  out.data(), q.data(),   kv.data(),     kv.data() + d,
                            p.data(), dq.data(),  dkv.data(), dkv.data() + d};
  for (auto _ : state)
    if (backward)
      kernels().attention_backward(b, partial.data(), partial.data() + d, 0, batch);
    else
      kernels().attention_forward(f, 0, batch);
  set_bytes(state, rows * d * (backward ? 32 : 16));
}
BENCHMARK_CAPTURE(attention, forward, false)->Arg(32)->Arg(256);
BENCHMARK_CAPTURE(attention, backward, true)->Arg(32)->Arg(256);

void adamw(benchmark::State& state) {
  const Index n = state.range(0);
  auto p = filled(n), g = filled(n), m = filled(n), v = filled(n);
  Adamw a;
  for (auto _ : state) kernels().adamw(a, p.data(), g.data(), m.data(), v.data(), n);
  set_bytes(state, n * 28);
}
BENCHMARK(adamw)->Arg(1 << 15)->Arg(1 << 24);

void square_sum(benchmark::State& state) {
  const auto x = filled(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(kernels().square_sum(x.data(), state.range(0)));
  set_bytes(state, state.range(0) * 4);
}
BENCHMARK(square_sum)->Arg(1 << 15)->Arg(1 << 24);

void orders(benchmark::State& state) {
  const Index rows = state.range(0), words = round_up(rows, 32) / 2;
  const auto x = filled(rows * d);
  std::vector<std::uint16_t> a(static_cast<std::size_t>(rows * d));
  std::vector<std::uint32_t> pairs(static_cast<std::size_t>(words * d)), across(pairs.size());
  for (auto _ : state) {
    kernels().to_bf16(x.data(), d, d, a.data(), d, 0, rows);
    kernels().pair_rows(x.data(), d, rows, d, pairs.data(), words * 16, 0, words);
    kernels().transpose_rows(a.data(), d, rows, d, across.data(), words, 0, words / 16);
  }
  set_bytes(state, rows * d * 16);
}
BENCHMARK(orders)->Arg(160)->Arg(1280);

void set_flop(benchmark::State& state, Index m, Index n, Index k) {
  state.counters["FLOP/s"] =
      benchmark::Counter(2.0 * static_cast<double>(m * n * k), benchmark::Counter::kIsIterationInvariantRate);
}

void bf16_product(benchmark::State& state) {
  const Index m = state.range(0), n = state.range(1), k = state.range(2), stride = k / 2 * 16;
  std::vector<std::uint16_t> a(static_cast<std::size_t>(round_up(m, 32) * k));
  std::vector<std::uint32_t> b(static_cast<std::size_t>(round_up(n, 32) / 16 * stride));
  auto c = filled(m * n);
  for (auto _ : state) product(bf16_unit(), {a.data(), k, b.data(), stride, m, n, k, c.data(), n, false});
  set_flop(state, m, n, k);
}
void product_sizes(benchmark::internal::Benchmark* b) {
  for (const Index rows : {160, 1280}) {
    b->Args({rows, 512, 512})->Args({rows, 2048, 512})->Args({rows, 512, 2048});  // forward
    b->Args({2048, 512, rows});                                                   // gradient of a weight
  }
}
BENCHMARK(bf16_product)->Apply(product_sizes);

void fp32_product(benchmark::State& state) {
  const Index m = state.range(0), n = state.range(1), k = state.range(2);
  const auto a = filled(m * k);
  auto w = filled(n * k);
  auto c = filled(m * n);
  const auto products = make_fp32_products(w.data(), nullptr);
  for (auto _ : state) products->forward({0, 0, n, k}, {a.data(), k, m}, {c.data(), n});
  set_flop(state, m, n, k);
}
BENCHMARK(fp32_product)->Apply(product_sizes);

}  // namespace

BENCHMARK_MAIN();
