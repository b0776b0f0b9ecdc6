// The engine's update: global gradient norm, then clipping and AdamW in one pass.
#include "engines/cpu/engine.h"

#include <algorithm>
#include <cmath>

#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {

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
  if (squares_known_) {
    double total = products_->square_sum();
    for (const Parameter& p : layout_.parameters)
      if (p.columns == 0) total += k_->square_sum(gradients_ + p.offset, p.size());
    return std::sqrt(total);
  }
  return flat_norm(gradients_, layout_.total);
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
