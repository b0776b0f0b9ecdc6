#include "lvm/cpu/products.h"

#include "lvm/cpu/sgemm.h"

namespace runner::lvm::cpu {
namespace {

class Fp32Products final : public Products {
 public:
  Fp32Products(const float* parameters, float* gradients) : weights_(parameters), gradients_(gradients) {}

  void weights_changed() override {}

  void forward(const LinearAt& w, const Rows& x, const Output& y) override {
    sgemm_nt(x.count, w.out, w.in, x.data, x.ld, weights_ + w.weight, w.in, y.accumulate, y.data, y.ld);
  }

  void backward(const LinearAt& w, const Rows& dy, const Rows& x, const Output& dx) override {
    if (dx.data)
      sgemm_nn(dy.count, w.in, w.out, dy.data, dy.ld, weights_ + w.weight, w.in, dx.accumulate, dx.data,
               dx.ld);
    sgemm_tn(w.out, w.in, dy.count, dy.data, dy.ld, x.data, x.ld, false, gradients_ + w.weight, w.in);
  }

 private:
  const float* weights_;
  float* gradients_;
};

}  // namespace

std::unique_ptr<Products> make_products(Precision precision, const Layout& layout, float* parameters,
                                        float* gradients) {
  if (precision == Precision::bf16) return make_bf16_products(layout, parameters, gradients);
  return std::make_unique<Fp32Products>(parameters, gradients);
}

}  // namespace runner::lvm::cpu
