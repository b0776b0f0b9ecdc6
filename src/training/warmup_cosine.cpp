#include "training/warmup_cosine.h"

#include <algorithm>
#include <cmath>

namespace runner::lvm {

double warmup_cosine(double lr, double min_lr, std::int64_t warmup_steps, std::int64_t steps,
                     std::int64_t step) {
  constexpr double pi = 3.14159265358979323846;
  const auto done = static_cast<double>(step - 1 - warmup_steps);
  if (done < 0) return lr * static_cast<double>(step) / static_cast<double>(warmup_steps);
  const double part =
      std::min(1.0, done / static_cast<double>(std::max<std::int64_t>(1, steps - warmup_steps)));
  return min_lr + (lr - min_lr) * (1 + std::cos(pi * part)) / 2;
}

}  // namespace runner::lvm
