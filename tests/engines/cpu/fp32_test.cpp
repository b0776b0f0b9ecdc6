// Products of float32 matrices against a plain triple loop: the blocks of every variant, and whole layers.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engines/cpu/fp32/products.h"
#include "engines/cpu/kernels.h"
#include "engines/cpu/products.h"

namespace runner::lvm::cpu {
namespace {

using Values = std::vector<float>;

Values drawn_fp32(Index n, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  Values v(static_cast<std::size_t>(n));
  for (float& x : v) x = normal(engine);
  return v;
}

double tolerance(Index k) {
  return 1e-6 * (10 + static_cast<double>(k));
}

TEST(Fp32Block, EveryVariantAgreesWithTheTripleLoop) {
  for (const Kernels* variant : available_kernels())
    for (const Index rows : {1, 7, 11, 32, 100})
      for (const Index k : {1, 33, 200})
        for (const bool accumulate : {false, true}) {
          SCOPED_TRACE(std::string(variant->name) + " " + std::to_string(rows) + "x" + std::to_string(k));
          const Index panels = accumulate ? 2 : 6, columns = panels * 16, lda = k + 3, ldc = columns + 8;
          const Values a = drawn_fp32(rows * lda, 1), b = drawn_fp32(columns * k, 2),
                       before = drawn_fp32(rows * ldc, 3);
          Values c = before;
          variant->fp32_block(a.data(), lda, rows, b.data(), panels, k, c.data(), ldc, accumulate);
          for (Index r = 0; r < rows; ++r)
            for (Index j = 0; j < ldc; ++j) {
              const auto at = static_cast<std::size_t>(r * ldc + j);
              if (j >= columns) {
                ASSERT_EQ(c[at], before[at]) << "written beyond the block";
                continue;
              }
              double expected = accumulate ? before[at] : 0;
              for (Index x = 0; x < k; ++x)
                expected += static_cast<double>(a[static_cast<std::size_t>(r * lda + x)]) *
                            b[static_cast<std::size_t>(j / 16 * k * 16 + x * 16 + j % 16)];
              ASSERT_NEAR(c[at], expected, tolerance(k)) << r << ", " << j;
            }
        }
}

// Panels of a matrix and of its transpose are the same, zeros beyond it included.
TEST(Fp32Panels, OfColumnsAndOfRowsAgree) {
  for (const Kernels* variant : available_kernels())
    for (const Index columns : {1, 16, 20, 32, 33, 90, 96})
      for (const Index k : {5, 16, 70}) {
        const Index ld = k + 1;
        const Values w = drawn_fp32(columns * ld, 1);  // [columns, k]
        Values t(static_cast<std::size_t>(k * columns));
        variant->transpose(w.data(), ld, columns, t.data(), columns, 0, k);
        for (Index r = 0; r < columns; ++r)
          for (Index c = 0; c < k; ++c)
            ASSERT_EQ(t[static_cast<std::size_t>(c * columns + r)], w[static_cast<std::size_t>(r * ld + c)]);
        const Index panels = (columns + 31) / 32 * 2;
        Values a(static_cast<std::size_t>(panels * k * 16), 7.0f), b(a.size(), 8.0f);
        variant->pack_rows(w.data(), ld, columns, k, a.data());
        variant->pack_columns(t.data(), columns, k, columns, b.data());
        EXPECT_EQ(a, b) << variant->name << " " << columns << " " << k;
      }
}

// y = x wᵀ, dx = dy w and dw = dyᵀ x, each element by itself. With ld 1024 rows compete for a cache and are
// copied; 70 and 50 are no multiples of anything; of sums over 1,500 two panels fit into the cache.
TEST(Fp32Products, ALayerForwardAndBackward) {
  struct Case {
    Index rows, in, out, x_ld, dy_ld;
    bool accumulate;
  };
  for (const Case& s :
       {Case{9, 50, 70, 50, 70, false}, Case{33, 64, 96, 1024, 1024, true}, Case{160, 48, 32, 48, 32, false},
        Case{9, 1500, 230, 1500, 230, true}, Case{1500, 230, 40, 230, 40, false}}) {
    Values w = drawn_fp32(s.out * s.in, 1);
    const Values x = drawn_fp32(s.rows * s.x_ld, 2), dy = drawn_fp32(s.rows * s.dy_ld, 3);
    const Values y0 = drawn_fp32(s.rows * s.out, 4), dx0 = drawn_fp32(s.rows * s.in, 5);
    Values y = y0, dx = dx0, dw(w.size(), 9.0f);
    const auto products = make_fp32_products(w.data(), dw.data());
    products->begin_backward();
    const LinearAt layer{0, 0, s.out, s.in};
    products->forward(layer, {x.data(), s.x_ld, s.rows}, {y.data(), s.out, s.accumulate});
    products->backward(layer, {dy.data(), s.dy_ld, s.rows}, {x.data(), s.x_ld, s.rows},
                       {dx.data(), s.in, s.accumulate});
    const auto at = [](const Values& v, Index ld, Index r, Index c) {
      return static_cast<double>(v[static_cast<std::size_t>(r * ld + c)]);
    };
    for (Index r = 0; r < s.rows; ++r) {
      for (Index o = 0; o < s.out; ++o) {
        double expected = s.accumulate ? at(y0, s.out, r, o) : 0;
        for (Index i = 0; i < s.in; ++i) expected += at(x, s.x_ld, r, i) * at(w, s.in, o, i);
        ASSERT_NEAR(at(y, s.out, r, o), expected, tolerance(s.in)) << r << ", " << o;
      }
      for (Index i = 0; i < s.in; ++i) {
        double expected = s.accumulate ? at(dx0, s.in, r, i) : 0;
        for (Index o = 0; o < s.out; ++o) expected += at(dy, s.dy_ld, r, o) * at(w, s.in, o, i);
        ASSERT_NEAR(at(dx, s.in, r, i), expected, tolerance(s.out)) << r << ", " << i;
      }
    }
    double squares = 0;
    for (Index o = 0; o < s.out; ++o)
      for (Index i = 0; i < s.in; ++i) {
        double expected = 0;
        for (Index r = 0; r < s.rows; ++r) expected += at(dy, s.dy_ld, r, o) * at(x, s.x_ld, r, i);
        ASSERT_NEAR(at(dw, s.in, o, i), expected, tolerance(s.rows)) << o << ", " << i;
        squares += at(dw, s.in, o, i) * at(dw, s.in, o, i);
      }
    EXPECT_NEAR(products->square_sum(), squares, 1e-5 * squares);
  }
}

}  // namespace
}  // namespace runner::lvm::cpu
