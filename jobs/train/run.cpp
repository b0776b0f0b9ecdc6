// runner train, top down: options, data, device, model, checkpoint, training, files.
#include "jobs/train/run.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "config/resolve.h"
#include "contract/manifest.h"
#include "engines/device_probe.h"
#include "engines/make_step.h"
#include "jobs/job_type.h"
#include "jobs/train/foreign_folder.h"
#include "jobs/train/identity.h"
#include "jobs/train/inputs.h"
#include "jobs/train/latest_link.h"
#include "jobs/train/result.h"
#include "jobs/train/resume.h"
#include "jobs/train/run_folder.h"
#include "jobs/train/set_aside.h"
#include "models/model_file.h"
#include "models/torch_version.h"
#include "training/figures_text.h"
#include "training/files/checkpoint.h"
#include "training/trainer.h"
#include "worker/launch/outcome.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

struct Hardware {
  runtime::DeviceChoice choice;
  std::string precision;
};

Hardware choose_hardware(const TrainOptions& options) {
  status::set_phase("probe devices");
  const bool fallback = options.device_fallback.value_or(options.device == "auto");
  Hardware hardware;
  hardware.choice = runtime::choose_device(options.device, fallback, lvm::probe_device);
  hardware.precision = lvm::choose_precision(options.precision, hardware.choice.actual);
  spdlog::info("{}; precision {}", runtime::describe(hardware.choice), hardware.precision);
  return hardware;
}

// libtorch's own pool follows what the bootstrap decided for OpenMP and BLAS.
void set_threads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
  at::set_num_interop_threads(1);
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
  spdlog::info("{} with {} parameters", sizes.type, lvm::parameter_count(*model));
  return model;
}

void note_warm_up(const TrainOptions& o, const TrainInputs& inputs) {
  const lvm::SchedulerOptions& s = o.scheduler;
  const auto rows = static_cast<std::int64_t>(inputs.split.training.size());
  const std::int64_t steps = o.epochs * ((rows + o.batch_size - 1) / o.batch_size);
  if (s.type != lvm::SchedulerType::warmup_cosine && s.warmup_steps > 0)
    spdlog::info("scheduler.warmup_steps has no effect on scheduler.type {}", to_word(s.type));
  else if (s.type == lvm::SchedulerType::warmup_cosine && s.warmup_steps >= steps)
    spdlog::warn(
        "scheduler.warmup_steps {} is no less than the run's {} steps: the rate never reaches its height",
        s.warmup_steps, steps);
}

lvm::TrainerOptions trainer_options(const TrainOptions& o, const JobContext& context) {
  lvm::TrainerOptions t;
  t.seed = o.seed;
  t.epochs = o.epochs;
  t.batch_size = o.batch_size;
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

lvm::StepOptions step_options(const TrainOptions& o) {
  lvm::StepOptions s;
  s.loss = lvm::complete(o.loss);
  s.adamw = {o.optimizer.lr, o.optimizer.weight_decay, o.optimizer.beta1, o.optimizer.beta2, o.optimizer.eps};
  s.clip_norm = o.optimizer.clip_norm;
  s.seed = static_cast<std::uint64_t>(o.seed);
  return s;
}

Json adamw_record(const TrainOptions& o) {
  return {{"betas", {o.optimizer.beta1, o.optimizer.beta2}},
          {"eps", o.optimizer.eps},
          {"weight_decay", o.optimizer.weight_decay}};
}

}  // namespace

void run_train(const JobContext& context, JobResult& result) {
  const auto options = options_of<TrainOptions>(context);
  set_threads(context.launch.threads);
  const fs::path wanted = output_folder(options, context.arguments);
  refuse_foreign_folder(wanted);
  const RunFolder run_folder(wanted);
  const fs::path& folder = run_folder.path();
  if (context.arguments.resume) bring_back(folder);
  const auto resumed = checkpoint_to_resume(context.arguments, folder);
  lvm::TrainerParts parts;
  parts.options = trainer_options(options, context);
  const Hardware hardware = choose_hardware(options);
  TrainInputs inputs = open_inputs(options, true);
  warn_of_leaks(find_leaks(options, inputs));
  const BaselineFigures baselines =
      lvm::measure_baselines(inputs.samples, inputs.split, options.data.normalize, options.baselines);
  spdlog::info("{}", lvm::header_of(baselines));

  note_warm_up(options, inputs);
  auto model = build_model(options, inputs, context.arguments.init);
  const auto policy = runtime::device_policy(hardware.choice.actual.kind, 1, false);
  model->set_compute({policy.linear == runtime::LinearKernel::addmm, hardware.precision == "bf16"});
  parts.device = torch::Device(runtime::to_string(hardware.choice.actual));
  model->to(parts.device);
  parts.step = lvm::make_step(options.engine, std::move(model), step_options(options),
                              inputs.samples->context(), parts.device);
  const std::string engine = parts.step->engine();
  const RunFacts facts{folder,
                       runtime::to_string(hardware.choice.actual),
                       hardware.precision,
                       engine,
                       baselines,
                       options.model.residual != "none"};
  parts.samples = inputs.samples;
  parts.check_inputs = [&inputs] { inputs.watch.check(); };
  parts.split = inputs.split;
  parts.name = options.name;
  parts.identity = {comparable_config(context.values), inputs.record, machine_record(context.launch)};
  parts.identity.machine.engine = facts.engine;
  parts.identity.machine.precision = facts.precision;
  parts.identity.machine.device = facts.device;
  if (resumed)
    compare_identities(resumed->state.identity, parts.identity, context.arguments.allow_changed,
                       resumed->folder.string());
  // Killed after its last checkpoint and before its manifest said so, a run is completed: no step is left.
  if (resumed && already_finished(*resumed, options, parts.options) && run_folder.manifest_before() &&
      run_folder.manifest_before()->has_ended()) {
    result.summary =
        fmt::format("{}: finished already (step {}); nothing to do\n", folder.string(), resumed->state.step);
    result.result = result_of_finished(resumed->state, facts);
    return;
  }
  parts.resume_line = resume_line(context.launch, folder.string());
  parts.baselines = baselines;
  parts.model_record = {{"context", inputs.samples->context()},
                        {"target_offset", options.data.target_offset},
                        {"within_article", options.data.within_article},
                        {"normalize", options.data.normalize},
                        {"validation_fraction", options.data.split_fraction},
                        {"weighted_mean_shares", baselines.shares},
                        {"name", options.name}};

  if (!resumed) set_checkpoints_aside(folder, run_folder.manifest_before());
  lvm::RunFiles files(folder, context.config_with_origins, object_of(parts.identity.config),
                      adamw_record(options));
  files.check_before_writing([&] { run_folder.require_in_place(); });
  if (!resumed) files.forget_metrics();
  log_to_file(folder / "train.log");
  status::set_output(folder.string());
  parts.files = &files;
  const fs::path manifest_file = folder / "manifest.json";
  Manifest manifest(context, options.name);
  manifest.set("device", runtime::to_json(hardware.choice));
  manifest.set("data", inputs.record);
  manifest.set("baselines", baselines);
  manifest.set("versions", {{"libtorch", lvm::torch_version()}});
  manifest.set("engine", engine);
  manifest.write(manifest_file);

  spdlog::info("training into {} ({} engine, {} threads)", folder.string(), engine, at::get_num_threads());
  lvm::Trainer trainer(std::move(parts));
  if (resumed) {
    trainer.restore(lvm::read_checkpoint(resumed->folder));
    return_free_memory();
    spdlog::info("going on from {} (step {})", resumed->folder.string(), trainer.state().step);
  }
  const auto finish = [&](const std::string& outcome) {
    manifest.set("events", trainer.state().events);
    manifest.finish(outcome);
    manifest.write(manifest_file);
  };
  // What ended the run is told whether or not it can be written.
  const auto record = [&](const std::string& outcome) {
    try {
      if (run_folder.in_place()) finish(outcome);
    } catch (const std::exception& error) {
      spdlog::warn("the outcome \"{}\" is not in {}: {}", outcome, manifest_file.string(), error.what());
    }
  };
  try {
    const lvm::TrainerResult trained = trainer.run();
    const TrainingResult told = result_of(trainer.state(), trained, facts);
    result.result = told;
    result.summary = summary_of(trainer.state(), facts, told);
    manifest.set("result", result.result);
    run_folder.require_files();
    point_latest_to(folder);  // before the manifest's last word: a kill between them is made good by a resume
    finish(trained.outcome);
    if (!trained.gates_passed) {
      result.exit_code = static_cast<int>(ExitCode::gate);
      result.summary +=
          "final gates failed (every file is written): " + json_text(object_of(trained.final_gates)) + "\n";
    }
  } catch (const Interrupted&) {
    record("interrupted");
    throw;
  } catch (const GateError& error) {
    manifest.set("error", error.line());
    record("gate failed");
    throw;
  } catch (const std::exception& error) {
    manifest.set("error", error.what());
    record("failed");
    run_folder.require_in_place();  // its going away explains whatever could not be written
    if (!lvm::list_checkpoints(files.checkpoints()).empty())
      spdlog::info("its last checkpoint stays; when the cause is mended, go on with\n{}",
                   resume_line(context.launch, folder.string()));
    throw;
  }
}

}  // namespace runner::jobs
