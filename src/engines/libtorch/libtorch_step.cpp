#include "engines/libtorch/libtorch_step.h"

#include "engines/cpu/flat_update.h"
#include "engines/libtorch/optimizer.h"
#include "engines/whole_batch.h"
#include "models/dropout.h"

namespace runner::lvm {
namespace {

class PlainStep final : public TrainingStep {
 public:
  PlainStep(std::shared_ptr<Model> model, StepOptions options)
      : model_(std::move(model)),
        options_(std::move(options)),
        weights_(flatten_parameters(*model_)),
        gradients_(torch::zeros_like(weights_)),
        adamw_({weights_}, options_.adamw) {
    weights_.mutable_grad() = gradients_;
    std::int64_t at = 0;
    for (auto& p : model_->parameters()) {
      p.mutable_grad() = gradients_.narrow(0, at, p.numel()).view(p.sizes());
      at += p.numel();
    }
    buckets_ = summed_buckets(options_, *model_, gradients_);
  }

  StepOutput run(const StepInput& input) override {
    if (!options_.alone()) return run_whole(input);
    model_->train();
    model_->set_epoch(input.epoch0);
    torch::manual_seed(seed_of(input));
    StepOutput out;
    const Prediction prediction = forward(input);
    out.loss = compute_loss(options_.loss, prediction, input.contexts, input.targets, input.epoch0,
                            input.directional_scale);
    gradients_.zero_();
    out.loss.total.backward();
    const torch::NoGradGuard no_grad;
    out.gradient_norm = gradient_norm(out.loss);
    update(out, input.lr);
    return out;
  }

  // The same for a batch whose rows several ranks, or several pieces one after the other, compute.
  StepOutput run_whole(const StepInput& input) {
    model_->train();
    model_->set_epoch(input.epoch0);
    const std::uint64_t seed = seed_of(input);
    StepOutput out;
    out.loss = whole_gradients(
        options_, input,
        {*model_, gradients_, key_of(seed), [seed] { torch::manual_seed(seed); }, buckets_.get()});
    const torch::NoGradGuard no_grad;
    if (options_.group) {
      out.gradient_norm = finish_exchange(*options_.group, out.loss);
    } else {
      out.gradient_norm = gradient_norm(out.loss);
    }
    update(out, input.lr);
    return out;
  }

  Prediction predict(const torch::Tensor& contexts) override {
    const torch::NoGradGuard no_grad;
    model_->eval();
    return model_->forward(contexts);
  }

  std::vector<StateBuffer> state() override {
    return {{"weights", weights_}, {"exp_avg", adamw_.exp_avg[0]}, {"exp_avg_sq", adamw_.exp_avg_sq[0]}};
  }
  std::int64_t updates() const override { return adamw_.steps; }
  void state_changed(std::int64_t updates) override { adamw_.steps = updates; }
  Model& model() override { return *model_; }
  std::string engine() const override { return "plain"; }

 private:
  static constexpr std::uint64_t dropout_purpose = 1;

  std::uint64_t seed_of(const StepInput& input) const {
    return derived_seed(options_.seed, dropout_purpose, static_cast<std::uint64_t>(input.step));
  }

  // With the figures of `loss`, where they have to be brought from a device.
  double gradient_norm(LossParts& loss) const {
    if (!weights_.is_cpu()) return read_figures(loss, gradients_.norm());
    return cpu::flat_norm(gradients_.data_ptr<float>(), gradients_.numel());
  }

  // Clipping and AdamW, where the figures are finite. On the CPU in one pass over the state: libtorch's
  // operators make ten.
  void update(StepOutput& out, double lr) {
    out.applied = std::isfinite(out.gradient_norm) && std::isfinite(out.loss.total.item<double>());
    if (!out.applied) return;
    adamw_.options.lr = lr;
    if (!weights_.is_cpu()) {
      if (options_.clip_norm > 0)
        gradients_.mul_(std::min(1.0, options_.clip_norm / (out.gradient_norm + 1e-6)));
      return adamw_.step();
    }
    cpu::UpdateOptions o{adamw_.options};
    o.clip_norm = options_.clip_norm;
    cpu::flat_adamw(
        cpu::update_of(o, ++adamw_.steps, out.gradient_norm),
        {weights_.data_ptr<float>(), gradients_.data_ptr<float>(), adamw_.exp_avg[0].data_ptr<float>(),
         adamw_.exp_avg_sq[0].data_ptr<float>(), weights_.numel()});
  }

  // On a CUDA device what draws of kernels are made from.
  torch::Tensor key_of(std::uint64_t seed) const {
    if (!weights_.is_cuda()) return {};
    return torch::full({1}, static_cast<std::int64_t>(seed), weights_.options().dtype(torch::kInt64));
  }

  Prediction forward(const StepInput& input) {
    if (!weights_.is_cuda()) return model_->forward(input.contexts);
    const PartOfBatch whole(0, input.contexts.size(0), key_of(seed_of(input)));
    return model_->forward(input.contexts);
  }

  std::shared_ptr<Model> model_;
  StepOptions options_;
  torch::Tensor weights_, gradients_;
  AdamW adamw_;
  std::unique_ptr<GradientBuckets> buckets_;  // null without a group
};

}  // namespace

std::unique_ptr<TrainingStep> make_plain_step(std::shared_ptr<Model> model, const StepOptions& options) {
  return std::make_unique<PlainStep>(std::move(model), options);
}

}  // namespace runner::lvm
