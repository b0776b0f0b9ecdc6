// Products of bfloat16 values: every unit of this CPU, and stand-ins for the instructions that it lacks,
// against a plain triple loop.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "engines/cpu/bf16/product.h"
#include "engines/cpu/bf16/tile_block.h"
#include "engines/cpu/bf16/units.h"
#include "engines/cpu/bf16/vector_block.h"
#include "engines/cpu/memory.h"

namespace runner::lvm::cpu {
namespace {

float value_of(std::uint16_t b) {
  const std::uint32_t u = static_cast<std::uint32_t>(b) << 16;
  float x;
  std::memcpy(&x, &u, 4);
  return x;
}

float pair_product(std::uint32_t a, std::uint32_t b) {
  return value_of(static_cast<std::uint16_t>(a)) * value_of(static_cast<std::uint16_t>(b)) +
         value_of(static_cast<std::uint16_t>(a >> 16)) * value_of(static_cast<std::uint16_t>(b >> 16));
}

// What VDPBF16PS does, in plain C++.
struct VectorStandIn {
  struct Sum {
    float v[16];
  };
  using Pairs = const std::uint32_t*;
  static Sum zero() { return {}; }
  static Sum load(const float* c) {
    Sum s;
    std::memcpy(s.v, c, sizeof s.v);
    return s;
  }
  static void store(float* c, const Sum& sum) { std::memcpy(c, sum.v, sizeof sum.v); }
  static Pairs panel(const std::uint32_t* b) { return b; }
  static Sum dot(Sum sum, std::uint32_t a, Pairs b) {
    for (int i = 0; i < 16; ++i) sum.v[i] += pair_product(a, b[i]);
    return sum;
  }
};

// What the tile instructions do.
struct TileStandIn {
  static inline thread_local std::uint32_t tiles[8][16][16];  // every thread has its own
  template <int t>
  static void zero() {
    std::memset(tiles[t], 0, sizeof tiles[t]);
  }
  template <int t>
  static void load(const void* from, Index stride) {
    for (int r = 0; r < 16; ++r) std::memcpy(tiles[t][r], static_cast<const char*>(from) + r * stride, 64);
  }
  template <int t>
  static void store(float* to, Index stride) {
    for (int r = 0; r < 16; ++r) std::memcpy(reinterpret_cast<char*>(to) + r * stride, tiles[t][r], 64);
  }
  template <int sums, int a, int b>
  static void dot() {
    for (int m = 0; m < 16; ++m)
      for (int n = 0; n < 16; ++n) {
        float x;
        std::memcpy(&x, &tiles[sums][m][n], 4);
        for (int k = 0; k < 16; ++k) x += pair_product(tiles[a][m][k], tiles[b][k][n]);
        std::memcpy(&tiles[sums][m][n], &x, 4);
      }
  }
};

std::vector<Bf16Unit> all_units() {
  std::vector<Bf16Unit> units = available_bf16_units();
  units.push_back({"vector stand-in", nullptr, nullptr, vector_block<VectorStandIn>, false});
  units.push_back({"tile stand-in", nullptr, nullptr, tile_block<TileStandIn>, false});
  return units;
}

std::vector<float> drawn_bf16(Index n, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> v(static_cast<std::size_t>(n));
  for (float& x : v) x = normal(engine);
  return v;
}

std::vector<std::uint16_t> rounded(const std::vector<float>& v) {
  std::vector<std::uint16_t> b(v.size());
  kernels().to_bf16(v.data(), static_cast<Index>(v.size()), static_cast<Index>(v.size()), b.data(),
                    static_cast<Index>(v.size()), 0, 1);
  return b;
}

struct Sizes {
  Index m, n, k;
};

// c = a · b (+ c): a [m, k], b [k, n].
void check_product(const Bf16Unit& unit, const Sizes& s, bool accumulate) {
  const Index k = round_up(s.k, 32), stride = k / 2 * 16;
  const std::vector<float> a = drawn_bf16(s.m * s.k, 1), b = drawn_bf16(s.k * s.n, 2);
  const std::vector<std::uint16_t> ra = rounded(a), rb = rounded(b);
  std::vector<std::uint16_t> rows(static_cast<std::size_t>(round_up(s.m, 32) * k));
  std::vector<std::uint32_t> panels(static_cast<std::size_t>(round_up(s.n, 32) / 16 * stride));
  kernels().to_bf16(a.data(), s.k, s.k, rows.data(), k, 0, s.m);
  kernels().pair_rows(b.data(), s.n, s.k, s.n, panels.data(), stride, 0, k / 2);
  const Index ldc = s.n + 3;
  std::vector<float> c = drawn_bf16(s.m * ldc, 3);
  const std::vector<float> before = c;
  products(unit, {{rows.data(), k, panels.data(), stride, s.m, s.n, s.k == 0 ? 0 : k, c.data(), ldc,
                   accumulate, nullptr}});
  for (Index i = 0; i < s.m; ++i)
    for (Index j = 0; j < ldc; ++j) {
      const auto at = static_cast<std::size_t>(i * ldc + j);
      if (j >= s.n) {
        ASSERT_EQ(c[at], before[at]) << "written beyond the matrix";
        continue;
      }
      double expected = accumulate ? before[at] : 0;
      for (Index x = 0; x < s.k; ++x)
        expected += static_cast<double>(value_of(ra[static_cast<std::size_t>(i * s.k + x)])) *
                    value_of(rb[static_cast<std::size_t>(x * s.n + j)]);
      ASSERT_NEAR(c[at], expected, 1e-5 * std::sqrt(static_cast<double>(s.k)) * 10) << i << ", " << j;
    }
}

TEST(Bf16Product, EveryUnitAgreesWithTheTripleLoop) {
  const std::vector<Sizes> sizes{{32, 32, 32},  {1, 1, 1},    {33, 47, 50},
                                 {70, 96, 160}, {11, 33, 64}, {160, 64, 512}};
  for (const Bf16Unit& unit : all_units())
    for (const Sizes& s : sizes)
      for (const bool accumulate : {false, true}) {
        SCOPED_TRACE(std::string(unit.name) + " " + std::to_string(s.m) + "x" + std::to_string(s.n));
        check_product(unit, s, accumulate);
      }
}

// Written past the caches, with the sum of squares of all elements.
TEST(Bf16Product, SquaresAreThoseOfTheResult) {
  for (const Sizes& s : {Sizes{64, 96, 64}, Sizes{70, 50, 32}, Sizes{800, 64, 2048}})
    for (const Index gap : {0, 3}) {
      const Index stride = s.k / 2 * 16, ldc = s.n + gap;
      const std::vector<float> a = drawn_bf16(s.m * s.k, 1), b = drawn_bf16(s.k * s.n, 2);
      std::vector<std::uint16_t> rows(static_cast<std::size_t>(round_up(s.m, 32) * operand_ld(s.k)));
      std::vector<std::uint32_t> panels(static_cast<std::size_t>(round_up(s.n, 32) / 16 * stride));
      kernels().to_bf16(a.data(), s.k, s.k, rows.data(), operand_ld(s.k), 0, s.m);
      kernels().pair_rows(b.data(), s.n, s.k, s.n, panels.data(), stride, 0, s.k / 2);
      std::vector<float> plain(static_cast<std::size_t>(s.m * ldc)), streamed = plain;
      Bf16Product p{rows.data(), operand_ld(s.k), panels.data(), stride, s.m, s.n, s.k, plain.data(), ldc};
      products(bf16_unit(), {p});
      std::vector<double> squares(static_cast<std::size_t>(task_count(p)));
      p.c = streamed.data();
      p.squares = squares.data();
      products(bf16_unit(), {p});
      EXPECT_EQ(plain, streamed);
      double expected = 0, sum = 0;
      for (const float x : plain) expected += static_cast<double>(x) * x;
      for (const double x : squares) sum += x;
      EXPECT_NEAR(sum, expected, 1e-5 * expected);
    }
}

TEST(Bf16Product, ManyChunksOfRowsGiveEveryElementOnce) {
  check_product(available_bf16_units().back(), {700, 40, 2048}, true);
}

TEST(Bf16Rounding, GoesToTheNearestEven) {
  const std::vector<float> v{1.0f, 1.00390625f, 1.01171875f, -3.14159274f, 1e-40f, INFINITY, NAN, 3.4e38f};
  const std::vector<std::uint16_t> b = rounded(v);
  EXPECT_EQ(value_of(b[0]), 1.0f);
  EXPECT_EQ(value_of(b[1]), 1.0f);       // half way: to even
  EXPECT_EQ(value_of(b[2]), 1.015625f);  // half way: to even, upwards
  EXPECT_EQ(value_of(b[3]), -3.140625f);
  EXPECT_EQ(value_of(b[5]), INFINITY);
  EXPECT_TRUE(std::isnan(value_of(b[6])));
  EXPECT_EQ(value_of(b[7]), INFINITY);
}

// The forward order of a weight is that of pairs of its transpose's rows, the backward one that of its own.
TEST(Bf16Order, WeightsAreWrittenInBothOrders) {
  for (const Kernels* k : available_kernels())
    for (const auto& [rows, columns] : {std::pair<Index, Index>{45, 70}, {64, 96}}) {
      const std::vector<float> w = drawn_bf16(rows * columns, 5);
      std::vector<float> t(w.size());
      for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < columns; ++c)
          t[static_cast<std::size_t>(c * rows + r)] = w[static_cast<std::size_t>(r * columns + c)];
      const Index stride = round_up(columns, 32) / 2 * 16, back_stride = round_up(rows, 32) / 2 * 16;
      const Index words = round_up(rows, 32) * round_up(columns, 32) / 2;
      const Memory ordered(static_cast<std::size_t>(2 * words) * 4);
      auto* forward = static_cast<std::uint32_t*>(ordered.data());
      std::uint32_t* backward = forward + words;
      for (Index r = 0; r < rows; r += 16)
        k->order_rows(w.data() + r * columns, std::min<Index>(16, rows - r), columns,
                      {forward + r / 16 * stride, backward + r / 2 * 16, back_stride});
      std::vector<std::uint32_t> by_columns(static_cast<std::size_t>(words)), by_rows = by_columns;
      kernels().pair_rows(t.data(), rows, columns, rows, by_columns.data(), stride, 0,
                          round_up(columns, 32) / 2);
      kernels().pair_rows(w.data(), columns, rows, columns, by_rows.data(), back_stride, 0,
                          round_up(rows, 32) / 2);
      EXPECT_EQ(std::vector<std::uint32_t>(forward, forward + words), by_columns) << k->name;
      EXPECT_EQ(std::vector<std::uint32_t>(backward, backward + words), by_rows) << k->name;
    }
}

// The update in one pass against the update, then the order; whole and cut tiles.
TEST(Bf16Order, TheUpdateWritesTheOrdersOfItsOutcome) {
  for (const Kernels* k : available_kernels())
    for (const auto& [rows, columns] : {std::pair<Index, Index>{16, 64}, {16, 256}, {16, 70}, {13, 64}}) {
      const Index n = rows * columns, stride = 16 * 16;
      const Index words = 16 * round_up(columns, 32) / 2 + round_up(columns, 32) / 16 * stride;
      const std::vector<float> g = drawn_bf16(n, 6);
      std::vector<float> p = drawn_bf16(n, 5), m = drawn_bf16(n, 7), v = drawn_bf16(n, 8);
      for (float& x : v) x = std::abs(x);
      std::vector<float> p2 = p, m2 = m, v2 = v;
      Adamw a;
      a.step_size = 0.01f;
      a.gradient_scale = 0.7f;
      const Memory one(static_cast<std::size_t>(words) * 4), other(one.size());
      const auto orders = [&](const Memory& memory) {
        auto* at = static_cast<std::uint32_t*>(memory.data());
        return WeightOrders{at, at + 16 * round_up(columns, 32) / 2, stride};
      };
      k->adamw_rows(a, p.data(), g.data(), m.data(), v.data(), rows, columns, orders(one));
      k->adamw(a, p2.data(), g.data(), m2.data(), v2.data(), n);
      k->order_rows(p.data(), rows, columns, orders(other));
      SCOPED_TRACE(std::string(k->name) + " " + std::to_string(columns));
      EXPECT_EQ(std::memcmp(one.data(), other.data(), one.size()), 0);
      for (Index i = 0; i < n; ++i) {
        const auto at = static_cast<std::size_t>(i);
        ASSERT_NEAR(p[at], p2[at], 1e-6 * (1 + std::abs(p2[at])));
        ASSERT_NEAR(m[at], m2[at], 1e-6);
        ASSERT_NEAR(v[at], v2[at], 1e-6);
      }
    }
}

TEST(Bf16Order, TransposedRowsAreTheTransposeAndZerosBeyondIt) {
  const Index columns = 50, ld = 70;
  for (const Kernels* k : available_kernels())
    for (const Index rows : {1, 37, 64}) {
      const Index blocks = round_up(rows, 32) / 32, words = 16 * blocks + 3;
      const std::vector<std::uint16_t> x =
          rounded(drawn_bf16(32 * blocks * ld, 6));  // the last rows do not count
      std::vector<std::uint32_t> to(static_cast<std::size_t>(round_up(columns, 16) * words));
      k->transpose_rows(x.data(), ld, rows, columns, to.data(), words, 0, 1);
      k->transpose_rows(x.data(), ld, rows, columns, to.data(), words, 1, blocks);
      const auto* values = reinterpret_cast<const std::uint16_t*>(to.data());
      SCOPED_TRACE(std::string(k->name) + " " + std::to_string(rows));
      for (Index c = 0; c < columns; ++c)
        for (Index r = 0; r < 32 * blocks; ++r)
          ASSERT_EQ(values[c * 2 * words + r], r < rows ? x[static_cast<std::size_t>(r * ld + c)] : 0);
    }
}

}  // namespace
}  // namespace runner::lvm::cpu
