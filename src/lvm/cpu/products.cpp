#include "lvm/cpu/products.h"

#include "lvm/cpu/kernels.h"
#include "lvm/cpu/parallel.h"
#include "lvm/cpu/sgemm.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index square_chunk = 1 << 15;

class Fp32Products final : public Products {
 public:
  Fp32Products(const float* parameters, float* gradients)
      : weights_(parameters), gradients_(gradients), k_(kernels()) {}

  void weights_changed() override {}
  void rows_changed(std::int64_t, std::int64_t, std::int64_t) override {}

  void forward(const LinearAt& w, const Rows& x, const Output& y) override {
    sgemm_nt(x.count, w.out, w.in, x.data, x.ld, weights_ + w.weight, w.in, y.accumulate, y.data, y.ld);
  }

  void backward(const LinearAt& w, const Rows& dy, const Rows& x, const Output& dx) override {
    if (dx.data)
      sgemm_nn(dy.count, w.in, w.out, dy.data, dy.ld, weights_ + w.weight, w.in, dx.accumulate, dx.data,
               dx.ld);
    sgemm_tn(w.out, w.in, dy.count, dy.data, dy.ld, x.data, x.ld, false, gradients_ + w.weight, w.in);
    // While the gradient is still in a cache.
    const Index n = w.out * w.in;
    double* squares = add_squares(chunks_of(n, square_chunk));
    parallel_chunks(n, square_chunk, [&](Index i, Index begin, Index end) {
      squares[i] = k_.square_sum(gradients_ + w.weight + begin, end - begin);
    });
  }

 private:
  const float* weights_;
  float* gradients_;
  const Kernels& k_;
};

}  // namespace

double* Products::add_squares(std::int64_t count) {
  squares_.resize(squares_.size() + static_cast<std::size_t>(count));
  return squares_.data() + squares_.size() - count;
}

double Products::square_sum() const {
  double total = 0;
  for (const double s : squares_) total += s;
  return total;
}

std::unique_ptr<Products> make_products(Precision precision, const Layout& layout, float* parameters,
                                        float* gradients) {
  if (precision == Precision::bf16) return make_bf16_products(layout, parameters, gradients);
  return std::make_unique<Fp32Products>(parameters, gradients);
}

}  // namespace runner::lvm::cpu
