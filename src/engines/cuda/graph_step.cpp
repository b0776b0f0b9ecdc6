#include "engines/cuda/graph_step.h"

#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <tuple>

#include "cuda_kernels/kernels.h"
#include "engines/adamw.h"
#include "engines/whole_batch.h"
#include "models/dropout.h"

namespace runner::lvm::cuda {
namespace {

// Everything that is fixed in a graph: rows, the recipe's phase, its scale, the positional scalar.
using GraphKey = std::tuple<std::int64_t, std::size_t, double, double>;

struct Captured {
  at::cuda::CUDAGraph graph;
  torch::Tensor contexts, targets;  // what the graph reads
  LossParts loss;                   // on the device, written by each replay
  torch::Tensor figures;  // the norm and all of `loss`, one after the other; then all ranks' signals
};

// What a step needs of the host, in one copy.
struct Settings {
  std::int64_t draws;  // the key of its dropout
  AdamwSettings adamw;
  float signal;  // that asked this rank to stop; 0: none
};

class GraphStep final : public TrainingStep {
 public:
  GraphStep(std::shared_ptr<Model> model, StepOptions options)
      : model_(std::move(model)),
        options_(std::move(options)),
        weights_(flatten_parameters(*model_)),
        gradients_(torch::zeros_like(weights_)),
        exp_avg_(torch::zeros_like(weights_)),
        exp_avg_sq_(torch::zeros_like(weights_)),
        settings_(torch::zeros({settings_floats}, weights_.options())),
        host_settings_(torch::zeros({settings_floats}, torch::TensorOptions().pinned_memory(true))),
        host_figures_(torch::zeros({max_figures + (options_.group ? options_.group->size() : 0)},
                                   torch::TensorOptions().pinned_memory(true))),
        draws_(settings_.narrow(0, 0, sizeof(std::int64_t) / sizeof(float)).view(torch::kInt64)),
        stream_(c10::cuda::getStreamFromPool(true, weights_.device().index())),
        pool_(at::cuda::graph_pool_handle()) {
    std::int64_t at = 0;
    for (auto& p : model_->parameters()) {
      p.mutable_grad() = gradients_.narrow(0, at, p.numel()).view(p.sizes());
      at += p.numel();
    }
    {
      const c10::cuda::CUDAStreamGuard guard(stream_);  // what adds to gradients belongs to this stream
      buckets_ = summed_buckets(options_, *model_, gradients_);
    }
    c10::cuda::getCurrentCUDAStream(weights_.device().index()).synchronize();
  }

  // A graph that waits for a rank that is lost will never be over.
  ~GraphStep() override {
    if (!options_.group || !options_.group->broken()) return;
    for (auto& [key, step] : graphs_) static_cast<void>(step.release());
  }

  StepOutput run(const StepInput& input) override {
    model_->train();
    model_->set_epoch(input.epoch0);
    at::cuda::CUDAEvent ready;  // the batch was put together on the caller's stream
    ready.record();
    const c10::cuda::CUDAStreamGuard guard(stream_);
    ready.block(stream_);
    write_settings(input);
    Captured& step = graph_for(input);
    {
      const torch::NoGradGuard no_grad;
      step.contexts.copy_(input.contexts);
      step.targets.copy_(input.targets);
    }
    step.graph.replay();
    return read_back(step);
  }

  Prediction predict(const torch::Tensor& contexts) override {
    const torch::NoGradGuard no_grad;
    model_->eval();
    return model_->forward(contexts);
  }

  std::vector<StateBuffer> state() override {
    return {{"weights", weights_}, {"exp_avg", exp_avg_}, {"exp_avg_sq", exp_avg_sq_}};
  }
  std::int64_t updates() const override { return updates_; }
  void state_changed(std::int64_t updates) override {
    updates_ = updates;
    c10::cuda::getCurrentCUDAStream(weights_.device().index()).synchronize();
  }
  Model& model() override { return *model_; }
  std::string engine() const override { return "fused"; }

 private:
  static constexpr std::uint64_t dropout_purpose = 1;
  static constexpr std::int64_t settings_floats = sizeof(Settings) / sizeof(float);
  static constexpr std::int64_t signal_at = offsetof(Settings, signal) / sizeof(float);
  static constexpr std::int64_t max_figures = 64;

  GraphKey key_of(const StepInput& input) const {
    const bool phases = is_directional(options_.loss);
    return {input.contexts.size(0), phases ? phase_index(options_.loss, input.epoch0) : 0,
            phases ? input.directional_scale : 1, ramped_scalar(model_->sizes(), input.epoch0)};
  }

  Captured& graph_for(const StepInput& input) {
    std::unique_ptr<Captured>& step = graphs_[key_of(input)];
    if (!step) step = capture(input);
    return *step;
  }

  // Gradients of the captured batch in gradients_, summed over ranks; returns its loss.
  LossParts gradients_of(const Captured& step, const StepInput& input) {
    StepInput captured = input;
    captured.contexts = step.contexts;
    captured.targets = step.targets;
    if (!options_.alone()) {
      LossParts loss =
          whole_gradients(options_, captured, {*model_, gradients_, draws_, [] {}, buckets_.get()});
      if (options_.group) options_.group->join_sums();
      return loss;
    }
    gradients_.zero_();
    const PartOfBatch whole(0, step.contexts.size(0), draws_);
    LossParts loss = compute_loss(options_.loss, model_->forward(step.contexts), step.contexts, step.targets,
                                  input.epoch0, input.directional_scale);
    loss.total.backward();
    loss.total = loss.total.detach();
    return loss;
  }

  std::unique_ptr<Captured> capture(const StepInput& input) {
    auto step = std::make_unique<Captured>();
    step->contexts = input.contexts.clone();
    step->targets = input.targets.clone();
    // Libraries make their handles and choose their kernels now, and ranks connect.
    step->loss = gradients_of(*step, input);
    exchanged(figures_of(step->loss));
    wait();
    // Other threads may copy from the device meanwhile: a checkpoint is being written.
    step->graph.capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
    step->loss = gradients_of(*step, input);
    step->figures = exchanged(figures_of(step->loss));
    {
      const torch::NoGradGuard no_grad;
      const auto* settings = reinterpret_cast<const Settings*>(settings_.data_ptr<float>());
      const float* figures = step->figures.data_ptr<float>();
      adamw(weights_.data_ptr<float>(), gradients_.data_ptr<float>(), exp_avg_.data_ptr<float>(),
            exp_avg_sq_.data_ptr<float>(), weights_.numel(), &settings->adamw, figures, figures + 1,
            stream_.stream());
    }
    step->graph.capture_end();
    return step;
  }

  // The norm of the gradients, the loss's total and what else it has.
  torch::Tensor figures_of(const LossParts& loss) const {
    const torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> values{gradients_.norm()};
    for (const auto part : single_values)
      if ((loss.*part).defined()) values.push_back((loss.*part).to(torch::kFloat32));
    for (const auto& [name, value] : loss.optional_terms) values.push_back(value.to(torch::kFloat32));
    return torch::stack(values);
  }

  // With ranks: rank 0's figures, so that every rank goes the same way, and all ranks' signals behind them.
  torch::Tensor exchanged(const torch::Tensor& figures) const {
    if (!options_.group) return figures;
    const torch::NoGradGuard no_grad;
    const ranks::Group& group = *options_.group;
    const torch::Tensor mine = torch::cat({figures, settings_.narrow(0, signal_at, 1)}).unsqueeze(0);
    const torch::Tensor all = options_.group->gather_rows(mine, {group.rank(), 1, 1}, group.size());
    return torch::cat({all[0].narrow(0, 0, figures.numel()), all.select(1, figures.numel())});
  }

  void write_settings(const StepInput& input) {
    AdamwOptions options = options_.adamw;
    options.lr = input.lr;
    const AdamwFactors f = adamw_factors(options, updates_ + 1);
    auto& settings = *reinterpret_cast<Settings*>(host_settings_.data_ptr<float>());
    settings.draws = static_cast<std::int64_t>(
        derived_seed(options_.seed, dropout_purpose, static_cast<std::uint64_t>(input.step)));
    settings.signal = options_.group ? static_cast<float>(options_.group->own_signal()) : 0;
    settings.adamw = {f.decay, f.step_size,       f.beta1,
                      f.gain1, f.beta2,           f.gain2,
                      f.eps,   f.root_correction, static_cast<float>(options_.clip_norm)};
    settings_.copy_(host_settings_, /*non_blocking=*/true);
  }

  // The step's only wait: its figures in one copy, as tensors on the CPU.
  StepOutput read_back(const Captured& step) {
    const std::int64_t count = step.figures.numel();
    host_figures_.narrow(0, 0, count).copy_(step.figures, /*non_blocking=*/true);
    wait();
    const torch::Tensor values = host_figures_.narrow(0, 0, count).clone();
    StepOutput out;
    out.loss = step.loss;
    std::int64_t at = 0;
    out.gradient_norm = values.data_ptr<float>()[at++];
    for (const auto part : single_values)
      if ((out.loss.*part).defined()) out.loss.*part = values[at++];
    for (auto& term : out.loss.optional_terms) term.second = values[at++];
    if (options_.group) options_.group->note_signals(values.data_ptr<float>() + at);
    out.applied = std::isfinite(out.gradient_norm) && std::isfinite(out.loss.total.data_ptr<float>()[0]);
    if (out.applied) ++updates_;
    return out;
  }

  // For all that is queued.
  void wait() {
    if (options_.group)
      options_.group->wait_for_device();
    else
      stream_.synchronize();
  }

  std::shared_ptr<Model> model_;
  StepOptions options_;
  torch::Tensor weights_, gradients_, exp_avg_, exp_avg_sq_;
  torch::Tensor settings_, host_settings_, host_figures_;
  torch::Tensor draws_;  // [1] of settings_
  c10::cuda::CUDAStream stream_;
  std::unique_ptr<GradientBuckets> buckets_;  // null without a group
  at::cuda::MempoolId_t pool_;
  std::map<GraphKey, std::unique_ptr<Captured>> graphs_;
  std::int64_t updates_ = 0;
};

}  // namespace

std::unique_ptr<TrainingStep> make_graph_step(std::shared_ptr<Model> model, const StepOptions& options) {
  return std::make_unique<GraphStep>(std::move(model), options);
}

}  // namespace runner::lvm::cuda
