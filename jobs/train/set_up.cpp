#include "jobs/train/set_up.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/log.h"
#include "base/status.h"
#include "engines/device_probe.h"
#include "jobs/rank_session.h"
#include "jobs/voice.h"
#include "models/model_file.h"
#include "models/state_dict.h"

namespace runner::jobs {

namespace {

// BLAS has no bf16: who asks for it, and not for a precision, gets fp32.
lvm::PrecisionChoice wanted_precision(const TrainOptions& o) {
  const bool plain_blas =
      o.products == lvm::ProductsChoice::blas && o.precision == lvm::PrecisionChoice::fitting;
  return plain_blas ? lvm::PrecisionChoice::fp32 : o.precision;
}

}  // namespace

Hardware choose_hardware(const TrainOptions& options, const std::optional<ranks::RankPlace>& place) {
  status::set_phase("probe devices");
  const bool fallback = options.device_fallback.value_or(options.device == "auto");
  Hardware hardware;
  hardware.choice = choose_rank_device(options.device, fallback, place);
  hardware.precision = lvm::choose_precision(wanted_precision(options), hardware.choice.actual);
  tell_choice(hardware.choice, to_word(hardware.precision));
  return hardware;
}

// libtorch's own pool follows what the bootstrap decided for OpenMP and BLAS.
void set_threads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
  if (at::get_num_interop_threads() != 1) at::set_num_interop_threads(1);  // once a process
}

std::shared_ptr<lvm::Model> build_model(const TrainOptions& options, const TrainInputs& inputs,
                                        const std::optional<std::string>& init) {
  status::set_phase("build the model");
  for (const std::string& key : lvm::unused_keys(options.model))
    spdlog::info("{} has no effect on this model", key);
  for (const std::string& key : lvm::unused_keys(options.loss))
    spdlog::info("{} has no effect on this recipe", key);
  const auto sizes = lvm::model_sizes(options.model, inputs.samples->width(), inputs.samples->context());
  auto model = lvm::make_model(sizes, static_cast<std::uint64_t>(options.seed));
  if (init) {
    const lvm::ModelFile weights = lvm::read_model_file(*init);
    if (weights.sizes.width != sizes.width)
      throw UsageError(
          fmt::format("is for vectors of width {}; {} has width {}: give vectors of the same embedding "
                      "model (--npz FILE), or other weights",
                      weights.sizes.width, inputs.samples->place(), sizes.width),
          "--init " + *init);
    lvm::load_weights(*model, weights, "--init " + *init);
    spdlog::info("weights taken from {}", *init);
  }
  return model;
}

lvm::Placement place_model(lvm::Model& model, const TrainOptions& options, const TrainInputs& inputs,
                           const Hardware& hardware) {
  return lvm::place(model, {hardware.choice.actual, hardware.precision, options.batch_size,
                            inputs.samples->context(), lvm::complete(options.loss)});
}

namespace {

// Of an update.
std::int64_t batch_of_all(const TrainOptions& o, int ranks) {
  return o.batch_size * o.accumulate * ranks;
}

}  // namespace

void note_warm_up(const TrainOptions& o, const TrainInputs& inputs, int ranks) {
  const lvm::SchedulerOptions& s = o.scheduler;
  const auto rows = static_cast<std::int64_t>(inputs.split.training.size());
  const std::int64_t batch = batch_of_all(o, ranks);
  const std::int64_t steps = o.epochs * ((rows + batch - 1) / batch);
  if (s.type != lvm::SchedulerType::warmup_cosine && s.warmup_steps > 0)
    spdlog::info("scheduler.warmup_steps has no effect on scheduler.type {}", to_word(s.type));
  else if (s.type == lvm::SchedulerType::warmup_cosine && s.warmup_steps >= steps)
    spdlog::warn(
        "scheduler.warmup_steps {} is no less than the run's {} steps: the rate never reaches its height",
        s.warmup_steps, steps);
}

void note_products(const TrainOptions& o, const lvm::TrainingStep& step) {
  if (o.products != lvm::ProductsChoice::fitting && step.products().name.empty())
    spdlog::info("train.products has no effect: only the CPU engine has a choice, and this run does without");
}

lvm::TrainerOptions trainer_options(const TrainOptions& o, const JobContext& context, int ranks) {
  lvm::TrainerOptions t;
  t.seed = o.seed;
  t.epochs = o.epochs;
  t.batch_size = batch_of_all(o, ranks);
  t.log_every = o.log_every;
  t.max_steps = context.arguments.max_steps;
  // Fewer epochs by --epochs than the config's own; --max-steps shows itself at the end.
  t.judge_final_gates = context.arguments.config_epochs <= o.epochs;
  t.normalize = o.data.normalize;
  t.augment = o.augment;
  t.optimizer = o.optimizer;
  t.scheduler = o.scheduler;
  t.gates = o.gates;
  t.health = o.health;
  t.early_stop = o.early_stop;
  t.checkpoint = o.checkpoint;
  return t;
}

lvm::StepOptions step_options(const TrainOptions& o, std::shared_ptr<ranks::Group> group) {
  lvm::StepOptions s;
  s.loss = lvm::complete(o.loss);
  s.adamw = o.optimizer;  // clip_norm is the step's
  s.clip_norm = o.optimizer.clip_norm;
  s.seed = static_cast<std::uint64_t>(o.seed);
  s.group = std::move(group);
  s.products = o.products;
  s.piece_rows = o.accumulate > 1 ? o.batch_size : 0;
  return s;
}

Json adamw_record(const TrainOptions& o) {
  return {{"betas", {o.optimizer.beta1, o.optimizer.beta2}},
          {"eps", o.optimizer.eps},
          {"weight_decay", o.optimizer.weight_decay}};
}

}  // namespace runner::jobs
