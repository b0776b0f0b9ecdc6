// The engine's kernels one by one, at the sizes of a batch of 32 (160 rows) and 256 (1280 rows): one thread,
// but for the products, which take all (OMP_NUM_THREADS).

#include <benchmark/benchmark.h>

#include <cstdio>
#include <vector>

#include "base/error.h"
#include "engines/cpu/bf16/product.h"
#include "engines/cpu/bf16/units.h"
#include "engines/cpu/fp32/products.h"
#include "engines/cpu/kernels.h"
#include "engines/cpu/products.h"

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

// A layer of `out` × `in` on `rows` rows.
struct Layer {
  explicit Layer(const benchmark::State& state)
      : rows(state.range(0)), out(state.range(1)), in(state.range(2)) {}
  Index rows, out, in;
};

void bf16_product(benchmark::State& state, bool gradient) {
  const Layer l(state);
  const Index m = gradient ? l.out : l.rows, n = gradient ? l.in : l.out, k = gradient ? l.rows : l.in;
  const Index stride = k / 2 * 16;
  std::vector<std::uint16_t> a(static_cast<std::size_t>(round_up(m, 32) * k));
  std::vector<std::uint32_t> b(static_cast<std::size_t>(round_up(n, 32) / 16 * stride));
  auto c = filled(m * n);
  Bf16Product p{a.data(), k, b.data(), stride, m, n, k, c.data(), n, false};
  std::vector<double> squares(static_cast<std::size_t>(task_count(p)));
  if (gradient) p.squares = squares.data();
  for (auto _ : state) products(bf16_unit(), {p});
  set_flop(state, m, n, k);
}

// The gradient with the transposition of dy that goes before it.
void fp32_product(benchmark::State& state, bool gradient) {
  const Layer l(state);
  const auto x = filled(l.rows * l.in);
  auto w = filled(l.out * l.in), dw = filled(l.out * l.in), y = filled(l.rows * l.out);
  const auto products = make_fp32_products(w.data(), dw.data());
  for (auto _ : state)
    if (gradient) {
      products->begin_backward();
      products->backward({0, 0, l.out, l.in}, {y.data(), l.out, l.rows}, {x.data(), l.in, l.rows}, {});
    } else {
      products->forward({0, 0, l.out, l.in}, {x.data(), l.in, l.rows}, {y.data(), l.out});
    }
  set_flop(state, l.rows, l.out, l.in);
}

void layers(benchmark::internal::Benchmark* b) {
  for (const Index rows : {160, 1280})
    b->Args({rows, 512, 512})->Args({rows, 2048, 512})->Args({rows, 512, 2048});
  b->UseRealTime();
}
BENCHMARK_CAPTURE(bf16_product, output, false)->Apply(layers);
BENCHMARK_CAPTURE(bf16_product, gradient, true)->Apply(layers);
BENCHMARK_CAPTURE(fp32_product, output, false)->Apply(layers);
BENCHMARK_CAPTURE(fp32_product, gradient, true)->Apply(layers);

}  // namespace

int main(int argc, char** argv) {
  try {
    kernels();    // RUNNER_CPU_KERNELS and
    bf16_unit();  // RUNNER_CPU_BF16 are read here
  } catch (const runner::Error& error) {
    std::fprintf(stderr, "bench_cpu_kernels: %s\n", error.line().c_str());
    return static_cast<int>(error.code());
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
