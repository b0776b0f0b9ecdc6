// The engine's update: global gradient norm, then clipping and AdamW in one pass.
#include "engines/cpu/engine.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index square_chunk = 1 << 15;

Adamw update_of(const UpdateOptions& o, std::int64_t step, double norm) {
  Adamw a{adamw_factors(o, step)};
  // PyTorch's clip_grad_norm_: max_norm / (norm + 1e-6), at most 1.
  const double clip = o.clip_norm > 0 ? std::fmin(1.0, o.clip_norm / (norm + 1e-6)) : 1.0;
  a.gradient_scale = static_cast<float>(o.gradient_scale * clip);
  return a;
}

}  // namespace

void Engine::make_update_tasks() {
  for (const Parameter& p : layout_.parameters) {
    if (p.columns == 0) {
      update_tasks_.push_back({p.offset, 0, p.rows, 0});
      continue;
    }
    for (Index row = 0; row < p.rows; row += update_rows)
      update_tasks_.push_back({p.offset, row, std::min(update_rows, p.rows - row), p.columns});
  }
}

double Engine::gradient_norm() const {
  double total = 0;
  if (squares_known_) {
    total = products_->square_sum();
    for (const Parameter& p : layout_.parameters)
      if (p.columns == 0) total += k_->square_sum(gradients_ + p.offset, p.size());
    return std::sqrt(total);
  }
  std::vector<double> squares(static_cast<std::size_t>(chunks_of(layout_.total, square_chunk)));
  run_chunks(layout_.total, square_chunk, [&](Index i, Index begin, Index end) {
    squares[static_cast<std::size_t>(i)] = k_->square_sum(gradients_ + begin, end - begin);
  });
  for (const double s : squares) total += s;
  return std::sqrt(total);
}

double Engine::adamw_step(const UpdateOptions& options, std::int64_t step) {
  const double norm = (options.norm ? *options.norm : gradient_norm()) * options.gradient_scale;
  if (!std::isfinite(norm)) return norm;
  const Adamw a = update_of(options, step, norm);
  const auto tasks = static_cast<Index>(update_tasks_.size());
  run_chunks(tasks, 1, [&](Index i, Index, Index) {
    const WeightRows& t = update_tasks_[static_cast<std::size_t>(i)];
    if (t.columns > 0)
      products_->update(a, t, first_moments_, second_moments_);
    else
      k_->adamw(a, parameters_ + t.matrix, gradients_ + t.matrix, first_moments_ + t.matrix,
                second_moments_ + t.matrix, t.count);
  });
  return norm;
}

}  // namespace runner::lvm::cpu
