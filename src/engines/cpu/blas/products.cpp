// Linear layers with float32 products of a BLAS. Where it can be held to one thread a call, the team's
// threads each multiply tiles of a size that is a matter of the product's sizes alone: results are the same
// for every number of threads as far as the library computes a tile alike each time.
#include "engines/cpu/blas/products.h"

#include <algorithm>
#include <initializer_list>

#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index tile_rows = 160, tile_columns = 128;  // of an output
constexpr Index gradient_rows = 64;                   // of a weight's gradient, each with all its columns

// c [m, n] = a [m, k] · b [k, n] (+ c). Row-major operands, or, transposed, their mirror: a [k, m], b [n, k].
struct Product {
  const float* a = nullptr;
  Index lda = 0;
  bool a_transposed = false;
  const float* b = nullptr;
  Index ldb = 0;
  bool b_transposed = false;
  Index m = 0, n = 0, k = 0;
  Output c;
  Index rows_a_tile = tile_rows, columns_a_tile = tile_columns;
  double* squares = nullptr;  // one a tile: those of c, whose tiles then are whole rows, one after the other
  Index parts() const { return chunks_of(m, rows_a_tile); }
  Index tiles() const { return parts() * chunks_of(n, columns_a_tile); }
};

// While it lives the calling thread's products take no other thread.
class AloneHere {
 public:
  explicit AloneHere(const Blas& blas) : blas_(blas), before_(blas.max_threads ? blas.max_threads() : 1) {
    if (before_ != 1) blas_.set_threads(1);
  }
  ~AloneHere() {
    if (before_ != 1) blas_.set_threads(before_);
  }
  AloneHere(const AloneHere&) = delete;
  AloneHere& operator=(const AloneHere&) = delete;

 private:
  const Blas& blas_;
  int before_;
};

class BlasProducts final : public Products {
 public:
  BlasProducts(const Blas& blas, float* parameters, float* gradients)
      : blas_(blas), weights_(parameters), gradients_(gradients), k_(kernels()) {}

  void weights_changed() override {}
  void update(const Adamw& a, const WeightRows& r, float* m, float* v) override {
    const std::int64_t at = r.offset();
    k_.adamw(a, weights_ + at, gradients_ + at, m + at, v + at, r.count * r.columns);
  }

  void forward(const LinearAt& w, const Rows& x, const Output& y) override {
    Product p{x.data, x.ld, false, weights_ + w.weight, w.in, true, x.count, w.out, w.in, y};
    multiply({p});
  }

  void backward(const LinearAt& w, const Rows& dy, const Rows& x, const Output& dx) override {
    Product to_w{dy.data, dy.ld, true, x.data,   x.ld,
                 false,   w.out, w.in, dy.count, {gradients_ + w.weight, w.in}};
    to_w.rows_a_tile = gradient_rows;
    to_w.columns_a_tile = w.in;
    to_w.squares = add_squares(to_w.tiles());
    if (!dx.data) {
      multiply({to_w});
      return;
    }
    multiply({{dy.data, dy.ld, false, weights_ + w.weight, w.in, false, dy.count, w.in, w.out, dx}, to_w});
  }

 private:
  // The products do not read each other's results.
  void multiply(std::initializer_list<Product> list) const {
    if (!blas_.tiles)
      for (const Product& p : list) call(p, 0, p.m, 0, p.n);
    Index tiles = 0;
    for (const Product& p : list) tiles += p.tiles();
    team::run(tiles, [&](Index number) {
      const Product* p = list.begin();
      for (Index here; number >= (here = p->tiles()); ++p) number -= here;
      // Tiles that follow each other have the same columns.
      const Index row = number % p->parts() * p->rows_a_tile, rows = std::min(p->rows_a_tile, p->m - row);
      const Index column = number / p->parts() * p->columns_a_tile;
      if (blas_.tiles) {
        const AloneHere alone(blas_);
        call(*p, row, rows, column, std::min(p->columns_a_tile, p->n - column));
      }
      if (p->squares) p->squares[number] = k_.square_sum(p->c.data + row * p->c.ld, rows * p->n);
    });
  }

  // To BLAS, which has columns where we have rows, this is cᵀ = bᵀ · aᵀ.
  void call(const Product& p, Index row, Index rows, Index column, Index columns) const {
    const float *a = p.a + row * (p.a_transposed ? 1 : p.lda),
                *b = p.b + column * (p.b_transposed ? p.ldb : 1);
    const int m = static_cast<int>(columns), n = static_cast<int>(rows), k = static_cast<int>(p.k);
    const int lda = static_cast<int>(p.lda), ldb = static_cast<int>(p.ldb), ldc = static_cast<int>(p.c.ld);
    const float one = 1, beta = p.c.accumulate ? 1.0f : 0.0f;
    blas_.sgemm(p.b_transposed ? "T" : "N", p.a_transposed ? "T" : "N", &m, &n, &k, &one, b, &ldb, a, &lda,
                &beta, p.c.data + row * p.c.ld + column, &ldc);
  }

  const Blas& blas_;
  float* weights_;
  float* gradients_;
  const Kernels& k_;
};

}  // namespace

std::unique_ptr<Products> make_blas_products(const Blas& blas, float* parameters, float* gradients) {
  return std::make_unique<BlasProducts>(blas, parameters, gradients);
}

}  // namespace runner::lvm::cpu
