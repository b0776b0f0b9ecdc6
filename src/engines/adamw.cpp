#include "engines/adamw.h"

#include <cmath>

namespace runner::lvm {

BiasCorrection bias_correction(const AdamwOptions& o, std::int64_t update) {
  const auto t = static_cast<double>(update);
  return {1.0 - std::pow(o.beta1, t), std::sqrt(1.0 - std::pow(o.beta2, t))};
}

AdamwFactors adamw_factors(const AdamwOptions& o, std::int64_t update) {
  const BiasCorrection correction = bias_correction(o, update);
  AdamwFactors f;
  f.decay = static_cast<float>(1.0 - o.lr * o.weight_decay);
  f.step_size = static_cast<float>(o.lr / correction.first);
  f.beta1 = static_cast<float>(o.beta1);
  f.beta2 = static_cast<float>(o.beta2);
  f.gain1 = static_cast<float>(1.0 - o.beta1);
  f.gain2 = static_cast<float>(1.0 - o.beta2);
  f.eps = static_cast<float>(o.eps);
  f.root_correction = static_cast<float>(1.0 / correction.second_root);
  return f;
}

}  // namespace runner::lvm
