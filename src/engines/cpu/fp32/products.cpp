// Linear layers with float32 products of our own. A thread packs as many columns of the right operand as stay
// in its second-level cache, and multiplies tile after tile of rows by them, each few rows by all these
// columns: weights are read from memory once a product, and nothing depends on the threads of a BLAS.
#include "engines/cpu/fp32/products.h"

#include <algorithm>
#include <atomic>
#include <initializer_list>

#include "engines/cpu/kernels.h"
#include "engines/cpu/memory.h"
#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index panel_columns = 32;
constexpr Index packed_floats = 128 << 10;  // that stay in a second-level cache
constexpr Index tile_rows = 66;             // at most: a multiple of 11 and of 6

// c [m, n] = a [m, k] · b. Each element of c is summed by one thread in the order of k. A tile is some rows
// of it times the columns that are packed together; tiles that follow each other have the same columns.
struct Product {
  const float* a = nullptr;
  Index lda = 0;
  const float* b = nullptr;  // [k, n], or with b_rows [n, k]
  Index ldb = 0;
  bool b_rows = false;
  Index m = 0, n = 0, k = 0;
  Output c;
  double* squares = nullptr;  // [square_count]: those of the result, which is then written past the caches
  Index panels() const { return chunks_of(n, panel_columns); }
  Index row_parts() const { return chunks_of(m, tile_rows); }
  Index square_count() const { return row_parts() * panels(); }
  Index panels_packed() const {
    const Index fitting = packed_floats / (k * panel_columns);
    return std::clamp<Index>(chunks_of(panels(), team::size()), 1, std::max<Index>(1, fitting));
  }
  Index tiles() const { return row_parts() * chunks_of(panels(), panels_packed()); }
};

// One of a product's tiles.
struct Tile {
  Index part, first_row, rows;
  Index first, end;  // panels
};
Tile tile_of(const Product& p, Index number) {
  const Index parts = p.row_parts(), part = number % parts, row = p.m * part / parts;
  const Index first = number / parts * p.panels_packed();
  return {part, row, p.m * (part + 1) / parts - row, first, std::min(p.panels(), first + p.panels_packed())};
}

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
    if (p.a != x.data)
      run_chunks(p.m, row_chunk, [&](Index, Index begin, Index end) { copy_left(p, x, begin, end); });
    multiply({p});
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

    const Index rows = dy.count, ld = padded(rows);
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
    to_w.squares = add_squares(to_w.square_count());
    run_chunks(rows, row_chunk, [&](Index, Index begin, Index end) {
      k_.transpose(dy.data + begin * dy.ld, dy.ld, end - begin, across + begin, ld, 0, w.out);
      if (to_x.a != dy.data) copy_left(to_x, dy, begin, end);
    });
    multiply({to_x, to_w});
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
  static bool competing(Index ld) { return ld % 1024 == 0; }
  static Index padded(Index columns) { return (columns + 15) / 16 * 16 + 16; }

  // The left operand is read where it is, or, if its rows compete, from a copy that copy_left makes.
  void set_left(Product& p, const Rows& x) {
    p.a = x.data;
    p.lda = x.ld;
    if (!competing(x.ld) || p.n == 0) return;
    p.lda = padded(p.k);
    p.a = left_.room(p.m * p.lda);
  }

  static void copy_left(const Product& p, const Rows& x, Index begin, Index end) {
    auto* to = const_cast<float*>(p.a);
    for (Index r = begin; r < end; ++r) std::copy_n(x.data + r * x.ld, p.k, to + r * p.lda);
  }

  // One job of the team: the products do not read each other's results.
  void multiply(std::initializer_list<Product> list) const {
    static std::atomic<std::uint64_t> jobs{0};
    const std::uint64_t job = ++jobs;
    Index tiles = 0;
    for (const Product& p : list) tiles += p.tiles();
    team::run(tiles, [&](Index number) {
      const Product* p = list.begin();
      for (Index here; number >= (here = p->tiles()); ++p) number -= here;
      const Tile tile = tile_of(*p, number);
      const float* packed = packed_columns(*p, {job, p - list.begin(), tile.first}, tile);
      if (p->squares)
        stream(*p, tile, packed);
      else
        write(*p, tile, packed);
    });
  }

  static Index columns_of(const Product& p, Index panel) {
    return std::min(panel_columns, p.n - panel * panel_columns);
  }

  // The tile's columns, as this thread has packed them for the tile before or packs them now.
  struct Packed {
    std::uint64_t job = 0;
    Index product = 0, first = 0;
    bool operator==(const Packed&) const = default;
  };
  const float* packed_columns(const Product& p, const Packed& wanted, const Tile& tile) const {
    thread_local Room room;
    thread_local Packed there;
    float* to = room.room(p.panels_packed() * panel_columns * p.k);
    if (there == wanted) return to;
    const Index column = tile.first * panel_columns,
                columns = std::min(p.n, tile.end * panel_columns) - column;
    if (p.b_rows)
      k_.pack_rows(p.b + column * p.ldb, p.ldb, columns, p.k, to);
    else
      k_.pack_columns(p.b + column, p.ldb, p.k, columns, to);
    there = wanted;
    return to;
  }

  void write(const Product& p, const Tile& t, const float* packed) const {
    const Index whole = std::min(t.end, p.n / panel_columns) - t.first;
    k_.fp32_block(p.a + t.first_row * p.lda, p.lda, t.rows, packed, 2 * whole, p.k,
                  p.c.data + t.first_row * p.c.ld + t.first * panel_columns, p.c.ld, p.c.accumulate);
    if (t.first + whole < t.end) cut(p, t, packed + whole * panel_columns * p.k);
  }

  // Block by block past the caches, with the sums of their squares.
  void stream(const Product& p, const Tile& t, const float* packed) const {
    alignas(64) float block[tile_rows * panel_columns];
    double* squares = p.squares + t.part * p.panels();
    for (Index i = t.first; i < t.end; ++i) {
      k_.fp32_block(p.a + t.first_row * p.lda, p.lda, t.rows, packed + (i - t.first) * panel_columns * p.k, 2,
                    p.k, block, panel_columns, false);
      float* to = p.c.data + t.first_row * p.c.ld + i * panel_columns;
      squares[i] = k_.store_block(block, t.rows, columns_of(p, i), to, p.c.ld);
    }
  }

  // The last columns, fewer than a panel's.
  void cut(const Product& p, const Tile& t, const float* packed) const {
    float block[tile_rows * panel_columns];
    const Index panel = t.end - 1;
    k_.fp32_block(p.a + t.first_row * p.lda, p.lda, t.rows, packed, 2, p.k, block, panel_columns, false);
    for (Index i = 0; i < t.rows; ++i) {
      float* to = p.c.data + (t.first_row + i) * p.c.ld + panel * panel_columns;
      for (Index c = 0; c < columns_of(p, panel); ++c)
        to[c] = block[i * panel_columns + c] + (p.c.accumulate ? to[c] : 0.0f);
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
