// Linear layers with float32 products of our own. A thread packs as many columns of the right operand as stay
// in its second-level cache, and multiplies all rows by them, each few rows by all these columns: weights are
// read from memory once a product, and nothing depends on the threads of a BLAS.

#include "lvm/cpu/products.h"

#include <algorithm>

#include "lvm/cpu/kernels.h"
#include "lvm/cpu/memory.h"
#include "lvm/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index panel_columns = 32;
constexpr Index packed_floats = 128 << 10;  // that stay in a second-level cache
constexpr Index streamed_rows = 66;  // of a block that is written past the caches: a multiple of 11 and of 6

// c [m, n] = a [m, k] · b. Each element of c is summed by one thread in the order of k.
struct Product {
  const float* a = nullptr;
  Index lda = 0;
  const float* b = nullptr;  // [k, n], or with b_rows [n, k]
  Index ldb = 0;
  bool b_rows = false;
  Index m = 0, n = 0, k = 0;
  Output c;
  double* squares = nullptr;  // [panels], zeros: those of the result, which is then written past the caches
  Index panels() const { return chunks_of(n, panel_columns); }
};

class Fp32Products final : public Products {
 public:
  Fp32Products(float* parameters, float* gradients)
      : weights_(parameters), gradients_(gradients), k_(kernels()) {}

  void weights_changed() override {}
  void update(const Adamw& a, const WeightRows& r, float* m, float* v) override {
    const std::int64_t at = r.offset();
    k_.adamw(a, weights_ + at, gradients_ + at, m + at, v + at, r.count * r.columns);
  }

  void forward(const LinearAt& w, const Rows& x, const Output& y) override {
    Product p;
    p.b = weights_ + w.weight;
    p.ldb = w.in;
    p.b_rows = true;
    p.m = x.count;
    p.n = w.out;
    p.k = w.in;
    p.c = y;
    set_left(p, x);
#pragma omp parallel
    {
      copy_left(p, x);
      multiply(p);
    }
  }

  void backward(const LinearAt& w, const Rows& dy, const Rows& x, const Output& dx) override {
    Product to_x;
    to_x.b = weights_ + w.weight;
    to_x.ldb = w.in;
    to_x.m = dy.count;
    to_x.n = dx.data ? w.in : 0;
    to_x.k = w.out;
    to_x.c = dx;
    set_left(to_x, dy);

    const Index rows = dy.count, ld = padded(rows), row_blocks = chunks_of(rows, 16);
    float* across = across_.room(w.out * ld);
    Product to_w;
    to_w.a = across;
    to_w.lda = ld;
    to_w.b = x.data;
    to_w.ldb = x.ld;
    to_w.m = w.out;
    to_w.n = w.in;
    to_w.k = rows;
    to_w.c = {gradients_ + w.weight, w.in, false};
    to_w.squares = add_squares(to_w.panels());
#pragma omp parallel
    {
#pragma omp for schedule(static) nowait
      for (Index i = 0; i < row_blocks; ++i)
        k_.transpose(dy.data + i * 16 * dy.ld, dy.ld, std::min<Index>(16, rows - i * 16), across + i * 16, ld,
                     0, w.out);
      copy_left(to_x, dy);
#pragma omp barrier
      multiply(to_x);
      multiply(to_w);
    }
  }

 private:
  // Memory that grows to the largest need.
  class Room {
   public:
    float* room(Index floats) {
      const auto bytes = static_cast<std::size_t>(floats) * sizeof(float);
      if (bytes > memory_.size()) memory_ = Memory(bytes);
      return static_cast<float*>(memory_.data());
    }

   private:
    Memory memory_;
  };

  // Rows at a distance of whole pages compete for the same places of a first-level cache.
  static bool competing(Index ld) {
    return ld % 1024 == 0;
  }
  static Index padded(Index columns) {
    return (columns + 15) / 16 * 16 + 16;
  }

  // The left operand is read where it is, or, if its rows compete, from a copy that copy_left makes.
  void set_left(Product& p, const Rows& x) {
    p.a = x.data;
    p.lda = x.ld;
    if (!competing(x.ld) || p.n == 0) return;
    p.lda = padded(p.k);
    p.a = left_.room(p.m * p.lda);
  }

  // By the threads of a region; a barrier at its end where it copies.
  void copy_left(const Product& p, const Rows& x) const {
    if (p.a == x.data) return;
    auto* to = const_cast<float*>(p.a);
#pragma omp for schedule(static)
    for (Index r = 0; r < p.m; ++r) std::copy_n(x.data + r * x.ld, p.k, to + r * p.lda);
  }

  // By the threads of a region; no barrier at its end.
  void multiply(const Product& p) const {
    const Share mine = thread_share(p.panels());
    const Index fitting = std::max<Index>(1, packed_floats / (p.k * panel_columns));
    thread_local Room room;
    float* packed = room.room(fitting * panel_columns * p.k);
    for (Index first = mine.begin; first < mine.end; first += fitting) {
      const Index end = std::min(mine.end, first + fitting);
      pack(p, first, end, packed);
      if (p.squares)
        stream(p, first, end, packed);
      else
        write(p, first, end, packed);
    }
  }

  static Index columns_of(const Product& p, Index panel) {
    return std::min(panel_columns, p.n - panel * panel_columns);
  }

  void pack(const Product& p, Index first, Index end, float* to) const {
    const Index column = first * panel_columns, columns = std::min(p.n, end * panel_columns) - column;
    if (p.b_rows)
      k_.pack_rows(p.b + column * p.ldb, p.ldb, columns, p.k, to);
    else
      k_.pack_columns(p.b + column, p.ldb, p.k, columns, to);
  }

  void write(const Product& p, Index first, Index end, const float* packed) const {
    const Index whole = std::min(end, p.n / panel_columns) - first;
    k_.fp32_block(p.a, p.lda, p.m, packed, 2 * whole, p.k, p.c.data + first * panel_columns, p.c.ld,
                  p.c.accumulate);
    if (first + whole < end) cut(p, first + whole, packed + whole * panel_columns * p.k);
  }

  // Block by block past the caches, with the sums of their squares.
  void stream(const Product& p, Index first, Index end, const float* packed) const {
    alignas(64) float block[streamed_rows * panel_columns];
    for (Index r = 0; r < p.m; r += streamed_rows) {
      const Index rows = std::min(streamed_rows, p.m - r);
      for (Index i = first; i < end; ++i) {
        k_.fp32_block(p.a + r * p.lda, p.lda, rows, packed + (i - first) * panel_columns * p.k, 2, p.k, block,
                      panel_columns, false);
        p.squares[i] +=
            k_.store_block(block, rows, columns_of(p, i), p.c.data + r * p.c.ld + i * panel_columns, p.c.ld);
      }
    }
  }

  // The last columns, fewer than a panel's.
  void cut(const Product& p, Index panel, const float* packed) const {
    float block[streamed_rows * panel_columns];
    for (Index r = 0; r < p.m; r += streamed_rows) {
      const Index rows = std::min(streamed_rows, p.m - r);
      k_.fp32_block(p.a + r * p.lda, p.lda, rows, packed, 2, p.k, block, panel_columns, false);
      for (Index i = 0; i < rows; ++i) {
        float* to = p.c.data + (r + i) * p.c.ld + panel * panel_columns;
        for (Index c = 0; c < columns_of(p, panel); ++c)
          to[c] = block[i * panel_columns + c] + (p.c.accumulate ? to[c] : 0.0f);
      }
    }
  }

  float* weights_;
  float* gradients_;
  const Kernels& k_;
  Room left_, across_;
};

}  // namespace

std::unique_ptr<Products> make_fp32_products(float* parameters, float* gradients) {
  return std::make_unique<Fp32Products>(parameters, gradients);
}

}  // namespace runner::lvm::cpu
