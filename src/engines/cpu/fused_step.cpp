#include "engines/cpu/fused_step.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/cpu_features.h"
#include "base/error.h"
#include "base/log.h"
#include "engines/cpu/engine.h"
#include "engines/cpu/model_weights.h"
#include "engines/cpu/products_choice.h"
#include "engines/whole_batch.h"
#include "models/positional_scalar.h"

namespace runner::lvm {
namespace {

class FusedStep final : public TrainingStep {
 public:
  FusedStep(std::shared_ptr<Transformer> model, StepOptions options, std::int64_t context)
      : model_(std::move(model)),
        options_(std::move(options)),
        products_(choose(engine_shape(model_->sizes(), context))),
        engine_(std::make_shared<cpu::Engine>(engine_shape(model_->sizes(), context),
                                              engine_precision(*model_), products_.blas)),
        weights_(view(engine_->parameters())) {
    load_weights(*model_, *engine_);
    share_weights();
    share_residual_gradient();
  }

  StepOutput run(const StepInput& input) override {
    if (!options_.alone()) return run_whole(input);
    const torch::Tensor contexts = prepared(input.contexts, ramped_scalar(model_->sizes(), input.epoch0));
    const cpu::DropoutKey key{derived_seed(options_.seed, dropout_purpose, 0),
                              static_cast<std::uint64_t>(input.step)};
    const std::int64_t batch = contexts.size(0);
    const float* values = engine_->forward(contexts.data_ptr<float>(), batch, true, key);
    const torch::Tensor output = copied(values, batch).requires_grad_(true);
    if (residual_gradient_.defined()) residual_gradient_.zero_();
    StepOutput out;
    out.loss = compute_loss(options_.loss, model_->predicted(output, input.contexts), input.contexts,
                            input.targets, input.epoch0, input.directional_scale);
    out.loss.total.backward();
    const torch::Tensor gradient = output.grad().contiguous();
    engine_->backward(gradient.data_ptr<float>());
    if (!std::isfinite(out.loss.total.item<float>())) {
      out.gradient_norm = engine_->gradient_norm();
      out.applied = false;
      return out;
    }
    out.gradient_norm = engine_->adamw_step(update_options(input.lr), updates_ + 1);
    out.applied = std::isfinite(out.gradient_norm);
    if (out.applied) ++updates_;
    return out;
  }

  Prediction predict(const torch::Tensor& contexts) override {
    const torch::NoGradGuard no_grad;
    const torch::Tensor input = prepared(contexts, model_->sizes().positional_scalar);
    const float* output = engine_->forward(input.data_ptr<float>(), input.size(0), false);
    return model_->predicted(copied(output, input.size(0)), contexts);
  }

  void end_predictions() override { engine_->release_evaluation(); }

  std::vector<StateBuffer> state() override {
    return {{"weights", weights_},
            {"exp_avg", view(engine_->first_moments())},
            {"exp_avg_sq", view(engine_->second_moments())}};
  }
  std::int64_t updates() const override { return updates_; }
  void state_changed(std::int64_t updates) override {
    updates_ = updates;
    engine_->weights_changed();
  }
  Model& model() override { return *model_; }
  std::string engine() const override { return "fused"; }
  ProductsUsed products() const override { return products_.used(); }

 private:
  static constexpr std::uint64_t dropout_purpose = 1;

  cpu::ChosenProducts choose(const cpu::Shape& shape) const {
    cpu::ProductsPlace place = cpu::this_place();
    place.ranks = options_.group != nullptr;
    place.before = options_.products_before;
    return cpu::choose_products(options_.products, engine_precision(*model_), shape, place);
  }

  // The same for a batch whose rows several ranks, or several pieces one after the other, compute.
  StepOutput run_whole(const StepInput& input) {
    const torch::Tensor contexts = prepared(input.contexts, ramped_scalar(model_->sizes(), input.epoch0));
    const cpu::DropoutKey key{derived_seed(options_.seed, dropout_purpose, 0),
                              static_cast<std::uint64_t>(input.step)};
    const WholeBatch batch = whole_batch(options_, contexts.size(0));
    const std::int64_t width = engine_->shape().output;
    const auto forward = [&](const WholeBatch::Piece& p) {
      return engine_->forward(contexts[p.first].data_ptr<float>(), p.count, true, key, p.first);
    };
    const torch::Tensor mine = torch::empty({batch.share.count, width});
    for (const WholeBatch::Piece& p : batch.pieces)
      std::copy_n(forward(p), p.count * width,
                  mine.data_ptr<float>() + (p.first - batch.share.first) * width);

    const torch::Tensor output = predictions_of_all(options_, batch, mine);
    if (residual_gradient_.defined()) residual_gradient_.zero_();
    StepOutput out;
    out.loss = compute_loss(options_.loss, model_->predicted(output, input.contexts), input.contexts,
                            input.targets, input.epoch0, input.directional_scale);
    out.loss.total.backward();
    const bool leads = !options_.group || options_.group->leads();
    // The loss, and so this gradient, is the whole batch's on each rank.
    if (residual_gradient_.defined() && !leads) residual_gradient_.zero_();
    const torch::NoGradGuard no_grad;
    backward_pieces(batch, output.grad().contiguous(), forward);

    cpu::UpdateOptions update = update_options(input.lr);
    if (options_.group) update.norm = finish_exchange(*options_.group, out.loss);
    out.gradient_norm = update.norm ? *update.norm : engine_->gradient_norm();
    out.applied = std::isfinite(out.loss.total.item<float>()) && std::isfinite(out.gradient_norm);
    if (!out.applied) return out;
    engine_->adamw_step(update, ++updates_);
    return out;
  }

  // The gradients of all pieces, handed to the group range by range while the last piece's are computed.
  // gradient [rows, D] of the whole batch. The last piece's activations are still there, the others' are made
  // again.
  void backward_pieces(const WholeBatch& batch, const torch::Tensor& gradient,
                       const std::function<const float*(const WholeBatch::Piece&)>& forward) {
    const torch::Tensor sums = view(engine_->gradients());
    const bool several = batch.pieces.size() > 1;
    if (several && !earlier_.defined()) earlier_ = torch::empty_like(sums);
    if (several) earlier_.zero_();
    const auto ready = [&](const cpu::Engine::Range& r) {
      torch::Tensor range = sums.narrow(0, r.first, r.count);
      if (several) range.add_(earlier_.narrow(0, r.first, r.count));
      if (options_.group) options_.group->start_sum(range);
    };
    for (std::size_t i = batch.pieces.size(); i-- > 0;) {
      const WholeBatch::Piece& p = batch.pieces[i];
      if (i + 1 < batch.pieces.size()) forward(p);
      const float* of_piece = gradient[p.first].data_ptr<float>();
      if (i == 0) {
        engine_->backward(of_piece, ready);
      } else {
        engine_->backward(of_piece);
        earlier_.add_(sums);
        if (residual_gradient_.defined())
          earlier_.narrow(0, engine_->layout().residual, residual_gradient_.numel()).zero_();
      }
    }
    if (batch.pieces.empty()) {
      sums.zero_();
      for (const auto& range : engine_->gradient_ranges()) ready(range);
    }
    engine_->gradients();  // they are no longer those of its last backward pass
  }

  // A flat buffer of the engine, which lives as long as the tensor.
  torch::Tensor view(float* buffer) const {
    return torch::from_blob(
        buffer, {engine_->layout().total}, [engine = engine_](void*) {}, torch::kFloat32);
  }

  // Each parameter of the model becomes a view of the engine's weights.
  void share_weights() {
    const torch::NoGradGuard no_grad;
    const auto parameters = model_->named_parameters();
    std::size_t i = 0;
    for (const cpu::Parameter& place : engine_->layout().parameters) {
      torch::Tensor p = parameters[i++].value();
      p.set_data(weights_.narrow(0, place.offset, place.size()).view(p.sizes()));
    }
  }

  // The residual's weights are felt through the loss alone: autograd writes their gradient into the engine's
  // buffer, where its backward pass leaves it.
  void share_residual_gradient() {
    const std::int64_t count = engine_->shape().residual_weights;
    if (count == 0) return;
    residual_gradient_ = view(engine_->gradients()).narrow(0, engine_->layout().residual, count);
    torch::Tensor weights = model_->residual()->weights;
    weights.mutable_grad() = residual_gradient_;
  }

  // What the network reads: contiguous float32, with the positional feature when the model has one.
  torch::Tensor prepared(const torch::Tensor& contexts, double scalar) const {
    if (contexts.size(1) != engine_->shape().context)
      throw UsageError(fmt::format("a context of {} vectors; the engine was made for {}", contexts.size(1),
                                   engine_->shape().context),
                       "data.context");
    const bool positional = model_->sizes().positional_scalar != 0;
    return (positional ? append_positional_scalar(contexts, scalar) : contexts).contiguous();
  }

  torch::Tensor copied(const float* raw, std::int64_t batch) const {
    return torch::from_blob(const_cast<float*>(raw), {batch, engine_->shape().output}).clone();
  }

  cpu::UpdateOptions update_options(double lr) const {
    cpu::UpdateOptions o{options_.adamw};
    o.lr = lr;
    o.clip_norm = options_.clip_norm;
    return o;
  }

  std::shared_ptr<Transformer> model_;
  StepOptions options_;
  cpu::ChosenProducts products_;
  std::shared_ptr<cpu::Engine> engine_;
  torch::Tensor weights_, residual_gradient_, earlier_;  // earlier_: gradients of pieces that are done
  std::int64_t updates_ = 0;
};

}  // namespace

std::unique_ptr<TrainingStep> make_fused_step(std::shared_ptr<Model> model, const StepOptions& options,
                                              std::int64_t context, const torch::Device& device) {
  const std::string misfit = engine_misfit(*model, device);
  if (!misfit.empty()) throw UsageError("the fused engine does not fit: " + misfit, "train.engine");
  return std::make_unique<FusedStep>(std::dynamic_pointer_cast<Transformer>(model), options, context);
}

}  // namespace runner::lvm
