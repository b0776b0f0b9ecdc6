// The engine's update: global gradient norm, then clipping and AdamW in one pass.

#include <cmath>
#include <vector>

#include "lvm/cpu/engine.h"
#include "lvm/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index update_chunk = 1 << 15;  // floats: its four arrays fit a second-level cache

Adamw update_of(const AdamwOptions& o, std::int64_t step, double norm) {
  Adamw a;
  a.decay = static_cast<float>(1.0 - o.lr * o.weight_decay);
  a.step_size = static_cast<float>(o.lr / (1.0 - std::pow(o.beta1, static_cast<double>(step))));
  a.root_correction = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(o.beta2, static_cast<double>(step))));
  a.beta1 = static_cast<float>(o.beta1);
  a.beta2 = static_cast<float>(o.beta2);
  a.gain1 = static_cast<float>(1.0 - o.beta1);
  a.gain2 = static_cast<float>(1.0 - o.beta2);
  a.eps = static_cast<float>(o.eps);
  // PyTorch's clip_grad_norm_: max_norm / (norm + 1e-6), at most 1.
  const double clip = o.clip_norm > 0 ? std::fmin(1.0, o.clip_norm / (norm + 1e-6)) : 1.0;
  a.gradient_scale = static_cast<float>(o.gradient_scale * clip);
  return a;
}

}  // namespace

double Engine::gradient_norm() const {
  std::vector<double> squares(static_cast<std::size_t>(chunks_of(layout_.total, update_chunk)));
  parallel_chunks(layout_.total, update_chunk, [&](Index i, Index begin, Index end) {
    squares[static_cast<std::size_t>(i)] = k_->square_sum(gradients_ + begin, end - begin);
  });
  double total = 0;
  for (const double s : squares) total += s;
  return std::sqrt(total);
}

double Engine::adamw_step(const AdamwOptions& options, std::int64_t step) {
  const double norm = gradient_norm() * options.gradient_scale;
  if (!std::isfinite(norm)) return norm;
  const Adamw a = update_of(options, step, norm);
  parallel_chunks(layout_.total, update_chunk, [&](Index, Index begin, Index end) {
    k_->adamw(a, parameters_ + begin, gradients_ + begin, first_moments_ + begin, second_moments_ + begin,
              end - begin);
  });
  products_->weights_changed();
  return norm;
}

}  // namespace runner::lvm::cpu
