// Every variant of the kernels that this CPU runs against the plainest one.

#include "engines/cpu/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace runner::lvm::cpu {
namespace {

using Values = std::vector<float>;

Values draw(std::size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  Values v(n);
  for (float& x : v) x = normal(engine);
  return v;
}

void expect_near(const Values& a, const Values& b, double tolerance, const char* what) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], b[i], tolerance * (1 + std::abs(b[i]))) << what << " at " << i;
}

constexpr Index some_rows = 5;

// Results of all small kernels on one input, in order.
std::vector<Values> run_pointwise(const Kernels& k, Index columns) {
  const auto n = static_cast<std::size_t>(some_rows * columns), c = static_cast<std::size_t>(columns);
  const Dropout drop = make_dropout({1, 2}, 3, 4, 0.25);
  const Values bias = draw(c, 2), table = draw(2 * c, 3);
  std::vector<Values> results;
  Values y = draw(n, 1), partial(c);
  k.add_bias_table(y.data(), columns, bias.data(), table.data(), 2, 0, some_rows);
  k.add_bias(y.data(), columns, bias.data(), 1, some_rows);
  results.push_back(y);
  k.relu_forward(y.data(), columns, bias.data(), drop, 0, some_rows);
  results.push_back(y);
  Values dy = draw(n, 5);
  k.relu_backward(dy.data(), y.data(), columns, drop.scale, partial.data(), 0, some_rows);
  results.push_back(dy);
  results.push_back(partial);
  Values z = draw(n, 6), gelu(n);
  k.gelu_forward(z.data(), gelu.data(), columns, bias.data(), 0, some_rows);
  k.gelu_backward(dy.data(), z.data(), columns, partial.data(), 0, some_rows);
  results.insert(results.end(), {z, gelu, dy, partial});
  k.column_sums(z.data(), columns, partial.data(), 1, 4);
  results.push_back(partial);
  results.push_back({static_cast<float>(k.square_sum(z.data(), some_rows * columns))});
  Values p = draw(n, 7), m = draw(n, 8), v = draw(n, 9);
  for (float& x : v) x = x * x;
  k.adamw({{0.999f, 1e-3f, 0.9f, 0.999f, 0.1f, 0.001f, 1e-8f, 3.0f}, 0.7f}, p.data(), z.data(), m.data(),
          v.data(), some_rows * columns);
  results.insert(results.end(), {p, m, v});
  return results;
}

std::vector<Values> run_norm(const Kernels& k, Index columns, bool branch) {
  const auto n = static_cast<std::size_t>(some_rows * columns), c = static_cast<std::size_t>(columns);
  const Values gamma = draw(c, 1), beta = draw(c, 2), bias = draw(c, 3), residual = draw(2 * n, 4);
  Values sum = draw(n, 5), out(n), mean(some_rows), rstd(some_rows);
  NormForward f;
  f.sum = sum.data();
  if (branch) {
    f.bias = bias.data();
    f.residual = residual.data();
    f.residual_ld = 2 * columns;
    f.dropout = make_dropout({4, 3}, 2, 1, 0.25);
  }
  f.gamma = gamma.data();
  f.beta = beta.data();
  f.out = out.data();
  f.mean = mean.data();
  f.rstd = rstd.data();
  f.columns = columns;
  k.norm_forward(f, 0, some_rows);
  const Values dout = draw(n, 6);
  Values dsum = draw(2 * n, 7), dbranch(n), partial(3 * c);
  NormBackward b;
  b.dout = dout.data();
  b.sum = sum.data();
  b.mean = mean.data();
  b.rstd = rstd.data();
  b.gamma = gamma.data();
  b.dsum = dsum.data();
  b.dsum_ld = 2 * columns;
  b.accumulate = branch;
  b.dbranch = branch ? dbranch.data() : nullptr;
  b.columns = columns;
  b.dropout = f.dropout;
  k.norm_backward(b, partial.data(), 0, some_rows);
  return {sum, out, mean, rstd, dsum, dbranch, partial};
}

std::vector<Values> run_attention(const Kernels& k, Index keys, Index queries) {
  AttentionForward f;
  f.shape = {3, 20, keys, queries, make_dropout({9, 9}, 0, 2, 0.25), 60, 120};
  const auto q_size = static_cast<std::size_t>(some_rows * queries * 60);
  const auto kv_size = static_cast<std::size_t>(some_rows * keys * 120);
  const Values bias = draw(180, 1);
  Values q = draw(q_size, 2), kv = draw(kv_size, 3), out(q_size);
  Values p(static_cast<std::size_t>(some_rows * 3 * queries * keys));
  f.q = q.data();
  f.k = kv.data();
  f.v = kv.data() + 60;
  f.q_bias = bias.data();
  f.k_bias = bias.data() + 60;
  f.v_bias = bias.data() + 120;
  f.probabilities = p.data();
  f.out = out.data();
  k.attention_forward(f, 0, some_rows);
  const Values dout = draw(q_size, 4);
  Values dq(q_size), dkv(kv_size), partial(180);
  const AttentionBackward b{f.shape,    dout.data(),    f.q, f.k, f.v, p.data(), dq.data(),
                            dkv.data(), dkv.data() + 60};
  k.attention_backward(b, partial.data(), partial.data() + 60, 0, some_rows);
  return {q, kv, p, out, dq, dkv, partial};
}

// Each query sees rows of keys and values in an order of its own, some of them twice.
std::vector<Values> run_cached(const Kernels& k, Index head_dim, Index keys) {
  const Index width = 3 * head_dim, stored = 11;
  Values q = draw(static_cast<std::size_t>(some_rows * width), 2), out(q.size());
  const Values kv = draw(static_cast<std::size_t>(stored * 2 * width), 3);
  const Values bias = draw(static_cast<std::size_t>(2 * width), 1);
  std::vector<const float*> seen;
  for (Index i = 0; i < some_rows * keys; ++i) seen.push_back(kv.data() + i * 7 % stored * 2 * width);
  k.attention_cached({3, head_dim, keys, q.data(), bias.data(), bias.data() + width, seen.data(), out.data()},
                     0, some_rows);
  return {q, out};
}

template <class F>
void compare_variants(const F& run, const char* what) {
  const auto variants = available_kernels();
  const std::vector<Values> expected = run(*variants.front());
  for (const Kernels* k : variants) {
    const std::vector<Values> results = run(*k);
    ASSERT_EQ(results.size(), expected.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      SCOPED_TRACE(std::string(k->name) + " result " + std::to_string(i));
      expect_near(results[i], expected[i], 2e-5, what);
    }
  }
}

TEST(Kernels, VariantsAgreeOnPointwise) {
  for (const Index columns : {1, 31, 32, 50, 512})
    compare_variants([&](const Kernels& k) { return run_pointwise(k, columns); }, "pointwise");
}

TEST(Kernels, ReluKeepsWhatIsNoNumber) {
  for (const Kernels* k : available_kernels()) {
    Values y(33, 1.0f), bias(33, -2.0f);
    bias[4] = bias[32] = std::numeric_limits<float>::quiet_NaN();
    k->relu_forward(y.data(), 33, bias.data(), {}, 0, 1);
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i == 4 || i == 32) << k->name << i;
    EXPECT_EQ(y[0], 0.0f) << k->name;
  }
}

TEST(Kernels, VariantsAgreeOnNorms) {
  for (const Index columns : {7, 32, 50, 512})
    for (const bool branch : {false, true})
      compare_variants([&](const Kernels& k) { return run_norm(k, columns, branch); }, "norm");
}

TEST(Kernels, VariantsAgreeOnAttention) {
  compare_variants([](const Kernels& k) { return run_attention(k, 5, 5); }, "attention");
  compare_variants([](const Kernels& k) { return run_attention(k, 5, 1); }, "last query");
  compare_variants([](const Kernels& k) { return run_attention(k, 23, 23); }, "long");
  compare_variants([](const Kernels& k) { return run_cached(k, 20, 5); }, "cached");
  compare_variants([](const Kernels& k) { return run_cached(k, 64, 3); }, "cached, heads of 64");
}

// By hand: beta1 0.5, beta2 0.75, after two updates 1 - 0.25 and sqrt(1 - 0.5625).
TEST(Adamw, FactorsOfTheSecondUpdate) {
  const AdamwOptions options{.lr = 0.375, .weight_decay = 0.5, .beta1 = 0.5, .beta2 = 0.75, .eps = 0.125};
  const BiasCorrection correction = bias_correction(options, 2);
  EXPECT_EQ(correction.first, 0.75);
  EXPECT_DOUBLE_EQ(correction.second_root, std::sqrt(0.4375));
  const AdamwFactors f = adamw_factors(options, 2);
  EXPECT_EQ(f.decay, 0.8125f);
  EXPECT_EQ(f.step_size, 0.5f);
  EXPECT_EQ(f.beta1, 0.5f);
  EXPECT_EQ(f.gain1, 0.5f);
  EXPECT_EQ(f.beta2, 0.75f);
  EXPECT_EQ(f.gain2, 0.25f);
  EXPECT_EQ(f.eps, 0.125f);
  EXPECT_FLOAT_EQ(f.root_correction, 1.5118579f);
}

TEST(Kernels, ThePlainestVariantIsAlwaysThere) {
  ASSERT_FALSE(available_kernels().empty());
  EXPECT_STREQ(available_kernels().front()->name, "generic");
}

}  // namespace
}  // namespace runner::lvm::cpu
