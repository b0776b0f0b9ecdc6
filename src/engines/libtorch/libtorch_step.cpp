#include "engines/libtorch/libtorch_step.h"

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
  }

  StepOutput run(const StepInput& input) override {
    if (!options_.alone()) return run_whole(input);
    model_->train();
    model_->set_epoch(input.epoch0);
    torch::manual_seed(derived_seed(options_.seed, dropout_purpose, static_cast<std::uint64_t>(input.step)));
    StepOutput out;
    const Prediction prediction = model_->forward(input.contexts);
    out.loss = compute_loss(options_.loss, prediction, input.contexts, input.targets, input.epoch0,
                            input.directional_scale);
    gradients_.zero_();
    out.loss.total.backward();
    const torch::NoGradGuard no_grad;
    out.gradient_norm = options_.clip_norm > 0 ? clip_grad_norm({weights_}, options_.clip_norm).item<double>()
                                               : gradients_.norm().item<double>();
    out.applied = std::isfinite(out.gradient_norm) && std::isfinite(out.loss.total.item<double>());
    if (!out.applied) return out;
    adamw_.options.lr = input.lr;
    adamw_.step();
    return out;
  }

  // The same for a batch whose rows several ranks, or several pieces one after the other, compute.
  StepOutput run_whole(const StepInput& input) {
    model_->train();
    model_->set_epoch(input.epoch0);
    const WholeBatch batch = whole_batch(options_, input.contexts.size(0));
    const auto forward = [&](const WholeBatch::Piece& p) {
      const PartOfBatch part(p.first, batch.rows);
      torch::manual_seed(
          derived_seed(options_.seed, dropout_purpose, static_cast<std::uint64_t>(input.step)));
      return model_->forward(input.contexts.narrow(0, p.first, p.count)).raw;
    };
    std::vector<torch::Tensor> parts{torch::empty({0, input.targets.size(1)}, input.targets.options())};
    {
      const torch::AutoGradMode remember(batch.pieces.size() == 1);
      for (const WholeBatch::Piece& p : batch.pieces) parts.push_back(forward(p));
    }
    const torch::Tensor raw = predictions_of_all(options_, batch, torch::cat(parts).detach());
    StepOutput out;
    out.loss = compute_loss(options_.loss, normalised(raw), input.contexts, input.targets, input.epoch0,
                            input.directional_scale);
    out.loss.total.backward();
    gradients_.zero_();
    for (const WholeBatch::Piece& p : batch.pieces) {
      const torch::Tensor own = batch.pieces.size() == 1 ? parts.back() : forward(p);
      own.backward(raw.grad().narrow(0, p.first, p.count));
    }
    const torch::NoGradGuard no_grad;
    if (options_.group) {
      options_.group->start_sum(gradients_);
      out.gradient_norm = finish_exchange(*options_.group, out.loss);
    } else {
      out.gradient_norm = gradients_.norm().item<double>();
    }
    out.applied = std::isfinite(out.gradient_norm) && std::isfinite(out.loss.total.item<double>());
    if (!out.applied) return out;
    if (options_.clip_norm > 0)
      gradients_.mul_(std::min(1.0, options_.clip_norm / (out.gradient_norm + 1e-6)));
    adamw_.options.lr = input.lr;
    adamw_.step();
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
  std::shared_ptr<Model> model_;
  StepOptions options_;
  torch::Tensor weights_, gradients_;
  AdamW adamw_;
};

}  // namespace

std::unique_ptr<TrainingStep> make_plain_step(std::shared_ptr<Model> model, const StepOptions& options) {
  return std::make_unique<PlainStep>(std::move(model), options);
}

}  // namespace runner::lvm
