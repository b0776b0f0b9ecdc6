// Linear layers with bfloat16 products. Weights are kept in both orders that products want, remade after each
// update; activations and gradients are rounded as they enter a product.
#include "engines/cpu/bf16/products.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "engines/cpu/bf16/product.h"
#include "engines/cpu/bf16/units.h"
#include "engines/cpu/memory.h"
#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index tile = 32;  // sizes of operands are rounded up to it

// Both orders of one weight matrix [out, in].
struct OrderedWeight {
  std::int64_t offset = 0;  // in the flat buffer
  Index out = 0, in = 0;
  std::uint32_t* forward = nullptr;   // panels of outputs, summed over inputs
  std::uint32_t* backward = nullptr;  // panels of inputs, summed over outputs; only with gradients
  Index forward_stride() const { return round_up(in, tile) / 2 * 16; }
  Index backward_stride() const { return round_up(out, tile) / 2 * 16; }
  Index words() const { return round_up(in, tile) * round_up(out, tile) / 2; }
};

class Bf16Products final : public Products {
 public:
  Bf16Products(const Layout& layout, float* parameters, float* gradients)
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
    for (const OrderedWeight& w : weights_)
      run_chunks(w.out, update_rows, [&](Index, Index begin, Index end) {
        k_.order_rows(parameters_ + w.offset + begin * w.in, end - begin, w.in, orders(w, begin));
      });
  }

  void update(const Adamw& a, const WeightRows& r, float* m, float* v) override {
    const std::int64_t at = r.offset();
    const WeightOrders to = orders(*find(r.matrix), r.first);
    if (unit_.tiled_update) {
      k_.adamw_rows(a, parameters_ + at, gradients_ + at, m + at, v + at, r.count, r.columns, to);
      return;
    }
    k_.adamw(a, parameters_ + at, gradients_ + at, m + at, v + at, r.count * r.columns);
    k_.order_rows(parameters_ + at, r.count, r.columns, to);
  }

  void forward(const LinearAt& w, const Rows& x, const Output& y) override {
    const auto [weight, first] = find(w);
    const Index k = round_up(w.in, tile);
    const Index a_ld = operand_ld(k);
    std::uint16_t* a = rows_.room<std::uint16_t>(round_up(x.count, tile) * a_ld);
    run_chunks(x.count, row_chunk,
               [&](Index, Index begin, Index end) { k_.to_bf16(x.data, x.ld, w.in, a, a_ld, begin, end); });
    products(unit_, {{a, a_ld, weight->forward + first / 16 * weight->forward_stride(),
                      weight->forward_stride(), x.count, w.out, k, y.data, y.ld, y.accumulate}});
  }

  void backward(const LinearAt& w, const Rows& dy, const Rows& x, const Output& dx) override {
    const auto [weight, first] = find(w);
    const Index rows = dy.count, out = round_up(w.out, tile), in = round_up(w.in, tile);
    const Index sum = round_up(rows, tile);  // what the gradient of the weight sums over
    const Index a_ld = operand_ld(out), across_ld = operand_ld(sum), panel = sum / 2 * 16;
    auto* a = rows_.room<std::uint16_t>(sum * a_ld);
    auto* across = transposed_.room<std::uint16_t>(out * across_ld);
    auto* panels = panels_.room<std::uint32_t>(in * sum / 2);

    Bf16Product to_x{a, a_ld, weight->backward + first / 2 * 16, weight->backward_stride(), rows, w.in, out};
    to_x.c = dx.data;
    to_x.ldc = dx.ld;
    to_x.accumulate = dx.accumulate;
    Bf16Product to_w{across, across_ld, panels, panel, w.out, w.in, sum};
    to_w.c = gradients_ + w.weight;
    to_w.ldc = w.in;
    to_w.squares = add_squares(task_count(to_w));

    const Index row_blocks = sum / tile, pair_chunks = chunks_of(sum / 2, 8);
    team::run(row_blocks + pair_chunks, [&](Index i) {
      if (i >= row_blocks) {
        const Index pair = (i - row_blocks) * 8;
        k_.pair_rows(x.data, x.ld, rows, w.in, panels, panel, pair, std::min(sum / 2, pair + 8));
        return;
      }
      k_.to_bf16(dy.data, dy.ld, w.out, a, a_ld, i * tile, std::min(rows, (i + 1) * tile));
      k_.transpose_rows(a, a_ld, rows, w.out, reinterpret_cast<std::uint32_t*>(across), across_ld / 2, i,
                        i + 1);
    });
    if (dx.data)
      products(unit_, {to_x, to_w});
    else
      products(unit_, {to_w});
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
      if (gradients_) w.backward = places.take<std::uint32_t>(w.words());
    }
  }

  static WeightOrders orders(const OrderedWeight& w, Index row) {
    return {w.forward + row / 16 * w.forward_stride(), w.backward ? w.backward + row / 2 * 16 : nullptr,
            w.backward_stride()};
  }

  // The weight that begins at `offset` or has it inside.
  const OrderedWeight* find(std::int64_t offset) const {
    const auto after =
        std::upper_bound(weights_.begin(), weights_.end(), offset,
                         [](std::int64_t at, const OrderedWeight& o) { return at < o.offset; });
    return &*(after - 1);
  }
  // The weight that `w` is a part of, and the part's first output.
  std::pair<const OrderedWeight*, Index> find(const LinearAt& w) const {
    const OrderedWeight* weight = find(w.weight);
    return {weight, (w.weight - weight->offset) / weight->in};
  }

  float* parameters_;
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

std::unique_ptr<Products> make_bf16_products(const Layout& layout, float* parameters, float* gradients) {
  check(layout);
  return std::make_unique<Bf16Products>(layout, parameters, gradients);
}

}  // namespace runner::lvm::cpu
