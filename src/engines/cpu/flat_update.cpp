#include "engines/cpu/flat_update.h"

#include <cmath>
#include <vector>

#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index flat_chunk = 1 << 15;

}  // namespace

Adamw update_of(const UpdateOptions& o, std::int64_t step, double norm) {
  Adamw a{adamw_factors(o, step)};
  // PyTorch's clip_grad_norm_: max_norm / (norm + 1e-6), at most 1.
  const double clip = o.clip_norm > 0 ? std::fmin(1.0, o.clip_norm / (norm + 1e-6)) : 1.0;
  a.gradient_scale = static_cast<float>(o.gradient_scale * clip);
  return a;
}

double flat_norm(const float* gradients, Index count) {
  std::vector<double> squares(static_cast<std::size_t>(chunks_of(count, flat_chunk)));
  run_chunks(count, flat_chunk, [&](Index i, Index begin, Index end) {
    squares[static_cast<std::size_t>(i)] = kernels().square_sum(gradients + begin, end - begin);
  });
  double total = 0;
  for (const double s : squares) total += s;
  return std::sqrt(total);
}

void flat_adamw(const Adamw& update, const FlatState& s) {
  run_chunks(s.count, flat_chunk, [&](Index, Index begin, Index end) {
    kernels().adamw(update, s.weights + begin, s.gradients + begin, s.first_moments + begin,
                    s.second_moments + begin, end - begin);
  });
}

}  // namespace runner::lvm::cpu
