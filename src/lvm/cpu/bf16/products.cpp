// Linear layers with bfloat16 products. Weights are kept in both orders that products want, remade after each
// update; activations and gradients are rounded as they enter a product.

#include "lvm/cpu/products.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "lvm/cpu/bf16/product.h"
#include "lvm/cpu/memory.h"
#include "lvm/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index tile = 32;  // sizes of operands are rounded up to it

// Both orders of one weight matrix [out, in].
struct OrderedWeight {
  std::int64_t offset = 0;  // in the flat buffer
  Index out = 0, in = 0;
  std::uint32_t* forward = nullptr;   // panels of outputs, summed over inputs
  std::uint32_t* backward = nullptr;  // panels of inputs, summed over outputs
  Index forward_stride() const { return round_up(in, tile) / 2 * 16; }
  Index backward_stride() const { return round_up(out, tile) / 2 * 16; }
  Index words() const { return round_up(in, tile) * round_up(out, tile) / 2; }
};

class Bf16Products final : public Products {
 public:
  Bf16Products(const Layout& layout, const float* parameters, float* gradients)
      : parameters_(parameters), gradients_(gradients), k_(kernels()), unit_(bf16_unit()) {
    for (const Parameter& p : layout.parameters)
      if (p.columns != 0) weights_.push_back({p.offset, p.rows, p.columns});
    Places count;
    place(count);
    ordered_ = Memory(count.used());
    Places places(ordered_.data());
    place(places);
  }

  void weights_changed() override {
    for (const OrderedWeight& w : weights_) order(w);
  }

  void forward(const LinearAt& w, const Rows& x, const Output& y) override {
    const auto [weight, first] = find(w);
    const Index k = round_up(w.in, tile);
    std::uint16_t* a = rows_.room<std::uint16_t>(round_up(x.count, tile) * k);
    parallel_chunks(x.count, row_chunk,
                    [&](Index, Index begin, Index end) { k_.to_bf16(x.data, x.ld, w.in, a, k, begin, end); });
    product(unit_, {a, k, weight->forward + first / 16 * weight->forward_stride(), weight->forward_stride(),
                    x.count, w.out, k, y.data, y.ld, y.accumulate});
  }

  void backward(const LinearAt& w, const Rows& dy, const Rows& x, const Output& dx) override {
    const auto [weight, first] = find(w);
    const Index rows = dy.count, out = round_up(w.out, tile), in = round_up(w.in, tile);
    const Index sum = round_up(rows, tile);  // what the gradient of the weight sums over
    std::uint16_t* a = rows_.room<std::uint16_t>(sum * out);
    std::uint32_t* across = transposed_.room<std::uint32_t>(out * sum / 2);
    std::uint32_t* panels = panels_.room<std::uint32_t>(in * sum / 2);
    const Index row_chunks = dx.data ? chunks_of(rows, row_chunk) : 0, column_blocks = chunks_of(w.out, 16),
                pair_chunks = chunks_of(sum / 2, 8);
    const Bf16Product to_x{a,
                           out,
                           weight->backward + first / 2 * 16,
                           weight->backward_stride(),
                           rows,
                           w.in,
                           out,
                           dx.data,
                           dx.ld,
                           dx.accumulate};
    const Bf16Product to_w{reinterpret_cast<const std::uint16_t*>(across),
                           sum,
                           panels,
                           sum / 2 * 16,
                           w.out,
                           w.in,
                           sum,
                           gradients_ + w.weight,
                           w.in,
                           false};
#pragma omp parallel
    {
#pragma omp for schedule(static) nowait
      for (Index i = 0; i < row_chunks; ++i)
        k_.to_bf16(dy.data, dy.ld, w.out, a, out, i * row_chunk, std::min(rows, (i + 1) * row_chunk));
#pragma omp for schedule(static) nowait
      for (Index i = 0; i < column_blocks; ++i)
        k_.transpose_rows(dy.data, dy.ld, rows, w.out, across, sum / 2, i, i + 1);
#pragma omp for schedule(static)
      for (Index i = 0; i < pair_chunks; ++i)
        k_.pair_rows(x.data, x.ld, rows, w.in, panels, sum / 2 * 16, i * 8, std::min(sum / 2, (i + 1) * 8));
      if (dx.data) product_in_region(unit_, to_x);
      product_in_region(unit_, to_w);
    }
  }

 private:
  // Memory that grows to the largest need.
  class Room {
   public:
    template <class T>
    T* room(Index count) {
      const auto bytes = static_cast<std::size_t>(count) * sizeof(T);
      if (bytes > memory_.size()) memory_ = Memory(bytes);
      return static_cast<T*>(memory_.data());
    }

   private:
    Memory memory_;
  };

  void place(Places& places) {
    for (OrderedWeight& w : weights_) {
      w.forward = places.take<std::uint32_t>(w.words());
      w.backward = places.take<std::uint32_t>(w.words());
    }
  }

  void order(const OrderedWeight& w) {
    const float* from = parameters_ + w.offset;
    const Index panels = chunks_of(w.out, 16), pair_chunks = chunks_of(w.out, 16);
#pragma omp parallel for schedule(static)
    for (Index i = 0; i < panels; ++i) {
      k_.pair_columns(from, w.out, w.in, w.forward, w.forward_stride(), i, i + 1);
      if (i < pair_chunks)
        k_.pair_rows(from, w.in, w.out, w.in, w.backward, w.backward_stride(), i * 8,
                     std::min(round_up(w.out, tile) / 2, (i + 1) * 8));
    }
  }

  // The weight that `w` is a part of, and the part's first output.
  std::pair<const OrderedWeight*, Index> find(const LinearAt& w) const {
    const auto after =
        std::upper_bound(weights_.begin(), weights_.end(), w.weight,
                         [](std::int64_t at, const OrderedWeight& o) { return at < o.offset; });
    const OrderedWeight& weight = *(after - 1);
    return {&weight, (w.weight - weight.offset) / weight.in};
  }

  const float* parameters_;
  float* gradients_;
  const Kernels& k_;
  const Bf16Unit& unit_;
  std::vector<OrderedWeight> weights_;
  Memory ordered_;
  Room rows_, transposed_, panels_;
};

void check(const Layout& layout) {
  // Queries, keys and values are parts of one matrix: a part has to start where a panel does.
  for (const LayerAt& layer : layout.layers)
    if (layer.self_in.in % tile != 0)
      throw UsageError(
          fmt::format("{} is not a multiple of {}, which bf16 products on the CPU need; use fp32",
                      layer.self_in.in, tile),
          "model.d_model");
}

}  // namespace

std::unique_ptr<Products> make_bf16_products(const Layout& layout, const float* parameters,
                                             float* gradients) {
  check(layout);
  return std::make_unique<Bf16Products>(layout, parameters, gradients);
}

}  // namespace runner::lvm::cpu
