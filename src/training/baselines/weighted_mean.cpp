#include "training/baselines/weighted_mean.h"

#include <algorithm>

#include "base/status.h"
#include "training/validation.h"

namespace runner::lvm {
namespace {

constexpr std::int64_t read_at_once = 1024, most_samples = 65536;
constexpr std::int64_t most_bytes = 128 << 20;  // of the products that are kept

// All that the cosine of a mixture needs of a sample: the products of its T+1 vectors, [n, T+1, T+1].
torch::Tensor products(const data::SampleSource& samples, const std::vector<std::int64_t>& ids,
                       bool normalize) {
  const std::int64_t vectors = samples.context() + 1, all = static_cast<std::int64_t>(ids.size());
  const std::int64_t fitting = most_bytes / (vectors * vectors * static_cast<std::int64_t>(sizeof(double)));
  const std::int64_t count = std::min({all, most_samples, fitting});
  std::vector<std::int64_t> chosen(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    chosen[static_cast<std::size_t>(i)] = ids[static_cast<std::size_t>(i * all / count)];
  torch::Tensor out = torch::empty({count, vectors, vectors}, torch::kFloat64);
  for (std::int64_t first = 0; first < count; first += read_at_once) {
    const std::int64_t n = std::min(read_at_once, count - first);
    const Batch batch = gather_batch(samples, chosen.data() + first, n, normalize, torch::kCPU);
    const auto x = torch::cat({batch.contexts, batch.targets.unsqueeze(1)}, 1);
    out.narrow(0, first, n).copy_(torch::bmm(x, x.transpose(1, 2)));
    status::beat();
  }
  return out;
}

}  // namespace

torch::Tensor fit_shares(const data::SampleSource& samples, const std::vector<std::int64_t>& ids,
                         bool normalize) {
  const std::int64_t steps = samples.context();
  torch::Tensor gram, with_target, length;
  {
    const torch::NoGradGuard no_grad;
    const auto all = products(samples, ids, normalize);
    gram = all.slice(1, 0, steps).slice(2, 0, steps).contiguous();  // [n, T, T]
    with_target = all.select(1, steps).slice(1, 0, steps).contiguous();
    length = all.select(1, steps).select(1, steps).sqrt();
  }
  auto logits = torch::zeros({steps}, torch::TensorOptions(torch::kFloat64).requires_grad(true));
  torch::optim::LBFGS optimizer({logits},
                                torch::optim::LBFGSOptions(1).max_iter(100).line_search_fn("strong_wolfe"));
  optimizer.step([&] {
    optimizer.zero_grad();
    const auto shares = torch::softmax(logits, 0);
    const auto mixed = torch::matmul(torch::matmul(gram, shares), shares).clamp_min(1e-24).sqrt();
    auto distance = 1 - (torch::matmul(with_target, shares) / (mixed * length)).mean();
    distance.backward();
    return distance;
  });
  return torch::softmax(logits.detach(), 0).to(torch::kFloat32);
}

}  // namespace runner::lvm
