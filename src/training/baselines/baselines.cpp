#include "training/baselines/baselines.h"

#include <chrono>

#include "base/log.h"
#include "base/status.h"
#include "base/time.h"
#include "models/unit_vectors.h"
#include "training/baselines/ridge.h"
#include "training/baselines/weighted_mean.h"

namespace runner::lvm {
namespace {

// The calling thread computes alone for as long as this lives: on a busy machine the many small operations
// here would wait for another thread each.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

Baseline baseline(const char* name, Predict raw) {
  return {name, [raw = std::move(raw)](const torch::Tensor& contexts) { return unit(raw(contexts), 1e-12); }};
}

}  // namespace

std::vector<Baseline> fixed_baselines(const torch::Tensor& shares) {
  std::vector<Baseline> all{
      baseline("copy_last", [](const torch::Tensor& x) { return x.select(1, x.size(1) - 1); }),
      baseline("context_mean", [](const torch::Tensor& x) { return x.mean(1); })};
  if (shares.defined())
    all.push_back(baseline("weighted_mean", [shares](const torch::Tensor& x) {
      return (x * shares.to(x.device()).view({1, -1, 1})).sum(1);
    }));
  return all;
}

BaselineFigures baseline_figures(const std::vector<Baseline>& baselines,
                                 const std::vector<ValidationResult>& results) {
  BaselineFigures out;
  for (std::size_t i = 0; i < baselines.size(); ++i) {
    out.figures.emplace_back(baselines[i].name, figures_of(results[i]));
    if (out.best.empty() || results[i].cosine > out.best_cosine) {
      out.best = baselines[i].name;
      out.best_cosine = results[i].cosine;
    }
  }
  out.chance = chance_levels(results.front().alignment);
  return out;
}

BaselineFigures measure_baselines(const std::shared_ptr<const data::SampleSource>& samples,
                                  const data::Split& split, bool normalize, const BaselineOptions& options,
                                  std::shared_ptr<ranks::Group> group) {
  const auto start = std::chrono::steady_clock::now();
  status::set_phase("baselines");
  torch::Tensor w;  // [T·D, D], with all threads
  if (options.ridge) w = fit_ridge(*samples, split.training, normalize, options.ridge_lambda);
  const OneThread one_thread;
  const torch::Tensor shares = fit_shares(*samples, split.training, normalize);
  std::vector<Baseline> baselines = fixed_baselines(shares);
  if (options.ridge)
    baselines.push_back(baseline("ridge", [w](const torch::Tensor& x) { return x.flatten(1).matmul(w); }));
  std::vector<Predict> predictors;
  for (const Baseline& b : baselines) predictors.push_back(b.predict);
  const Validator validator(samples, split.validation, normalize, torch::kCPU, std::move(group));
  BaselineFigures out = baseline_figures(baselines, validator.run(predictors));
  out.shares.assign(shares.data_ptr<float>(), shares.data_ptr<float>() + shares.numel());
  out.seconds = seconds_since(start);
  return out;
}

}  // namespace runner::lvm
