#include "training/baselines/ridge.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/status.h"
#include "training/validation.h"

namespace runner::lvm {

torch::Tensor fit_ridge(const data::SampleSource& samples, const std::vector<std::int64_t>& ids,
                        bool normalize, double lambda) {
  constexpr std::int64_t read_at_once = 2048;
  const torch::NoGradGuard no_grad;
  const std::int64_t width = samples.width(), features = samples.context() * width;
  if (features > ridge_features)
    throw UsageError(
        fmt::format("solves a system of context × width = {} unknowns; at most {}. Set it to false", features,
                    ridge_features),
        "baselines.ridge");
  torch::Tensor squares = torch::zeros({features, features}), products = torch::zeros({features, width});
  const auto count = static_cast<std::int64_t>(ids.size());
  Progress progress("ridge", count, "windows");
  for (std::int64_t first = 0; first < count; first += read_at_once) {
    const std::int64_t n = std::min(read_at_once, count - first);
    const Batch batch = gather_batch(samples, ids.data() + first, n, normalize, torch::kCPU);
    const auto x = batch.contexts.view({n, features});
    squares.addmm_(x.t(), x);
    products.addmm_(x.t(), batch.targets);
    status::beat();
    progress.update(first + n);
  }
  progress.pause(fmt::format("ridge: solving for {} unknowns", features));
  auto system = squares.to(torch::kFloat64);
  squares = torch::Tensor();
  system.diagonal().add_(lambda);
  const auto factor = torch::linalg_cholesky(system);
  return torch::cholesky_solve(products.to(torch::kFloat64), factor).to(torch::kFloat32);
}

}  // namespace runner::lvm
