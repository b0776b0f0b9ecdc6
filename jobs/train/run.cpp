// runner train, top down: options, data, device, model, checkpoint, training, files.
#include "jobs/train/run.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "contract/manifest.h"
#include "engines/make_step.h"
#include "jobs/job_type.h"
#include "jobs/rank_session.h"
#include "jobs/train/foreign_folder.h"
#include "jobs/train/identity.h"
#include "jobs/train/inputs.h"
#include "jobs/train/latest_link.h"
#include "jobs/train/leaks.h"
#include "jobs/train/rank_part.h"
#include "jobs/train/result.h"
#include "jobs/train/resume.h"
#include "jobs/train/run_folder.h"
#include "jobs/train/set_aside.h"
#include "jobs/train/set_up.h"
#include "jobs/voice.h"
#include "models/torch_version.h"
#include "report/run_report.h"
#include "training/files/checkpoint.h"
#include "training/trainer.h"
#include "worker/launch/outcome.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

// The page was written before the manifest's last word. A run that ended well has not failed for it.
void tell_end_in_report(const fs::path& folder, const TrainingHistory& history) {
  try {
    report::write_run_report(folder, history);
  } catch (const std::exception& error) {
    spdlog::warn("report.html does not tell the end of the run: {}", error.what());
  }
}

// One process alone, or rank 0 of several: it has every file.
void run_lead(const JobContext& context, const TrainOptions& options, ranks::Session* session,
              JobResult& result) {
  const int ranks = session == nullptr ? 1 : session->place().size;
  const fs::path wanted = output_folder(options, context.arguments);
  refuse_foreign_folder(wanted);
  const RunFolder run_folder(wanted);
  const fs::path& folder = run_folder.path();
  if (context.arguments.resume) bring_back(folder);
  const auto resumed = checkpoint_to_resume(context.arguments, folder);
  lvm::TrainerParts parts;
  parts.options = trainer_options(options, context, ranks);
  const Hardware hardware =
      choose_hardware(options, session == nullptr ? std::nullopt : std::optional(session->place()));
  TrainInputs inputs = open_inputs(options, true);
  warn_of_leaks(find_leaks(options, inputs));
  RunIdentity identity{comparable_config(context.values), inputs.record, machine_record(context.launch)};
  const auto group = meet(session, options, hardware, identity);
  const BaselineFigures baselines =
      lvm::measure_baselines(inputs.samples, inputs.split, options.data.normalize, options.baselines, group);

  note_warm_up(options, inputs, ranks);
  auto model = build_model(options, inputs, context.arguments.init);
  const ModelFacts model_facts = facts_of(*model);
  const lvm::Placement placed = place_model(*model, options, inputs, hardware);
  parts.device = placed.device;
  lvm::StepOptions step = step_options(options, group);
  if (resumed) step.products_before = resumed->state.identity.machine.products;
  parts.step =
      lvm::make_step(options.engine, std::move(model), step, inputs.samples->context(), parts.device);
  note_products(options, *parts.step);
  const std::string engine = parts.step->engine();
  const RunFacts facts{folder,
                       options.name,
                       inputs.record,
                       model_facts,
                       runtime::to_string(hardware.choice.actual),
                       to_word(hardware.precision),
                       engine,
                       parts.step->products(),
                       placed.check,
                       baselines,
                       ranks,
                       options.model.residual != lvm::ResidualKind::none,
                       context.launch};
  parts.samples = inputs.samples;
  parts.check_inputs = [&inputs] { inputs.watch.check(); };
  parts.split = inputs.split;
  identity.machine.engine = facts.engine;
  identity.machine.products = facts.products.name;
  identity.machine.precision = facts.precision;
  identity.machine.device = facts.device;
  if (ranks > 1) identity.machine.ranks = ranks;
  parts.identity = identity;
  if (resumed)
    compare_identities(resumed->state.identity, parts.identity, context.arguments.allow_changed,
                       resumed->folder.string());
  // Killed after its last checkpoint and before its manifest said so, a run is completed: no step is left.
  if (resumed && already_finished(*resumed, options, parts.options) && run_folder.manifest_before() &&
      run_folder.manifest_before()->has_ended()) {
    agree_on_start(group.get(), Start::finished);
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
  if (!facts.products.name.empty())
    manifest.set("products", {{"name", facts.products.name}, {"reason", facts.products.reason}});
  if (session != nullptr)
    manifest.set("ranks", {{"count", ranks},
                           {"started_by", session->place().source},
                           {"gradients", to_word(options.gradients)}});
  manifest.write(manifest_file);

  tell_header(header_of(facts));
  agree_on_start(group.get(), resumed ? Start::resumed : Start::anew);
  share_weights(group.get(), *parts.step);
  parts.group = group;
  lvm::Trainer trainer(std::move(parts));
  if (resumed) {
    trainer.restore(trainer.read_for_all(resumed->folder));
    return_free_memory();
    spdlog::info("going on from {} (step {})", resumed->folder.string(), trainer.state().step);
  }
  const auto finish = [&](const std::string& outcome) {
    manifest.set("events", trainer.state().events);
    manifest.finish(outcome);
    manifest.write(manifest_file);
    tell_end_in_report(folder, trainer.history());
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
    tell_closing(
        context, [&](std::size_t width) { return closing_of(told, width); }, result);
    manifest.set("result", result.result);
    run_folder.require_files();
    point_latest_to(folder);  // before the manifest's last word: a kill between them is made good by a resume
    finish(trained.outcome);
    if (!trained.gates_passed) result.exit_code = static_cast<int>(ExitCode::gate);
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

}  // namespace

void run_train(const JobContext& context, JobResult& result) {
  const auto options = options_of<TrainOptions>(context);
  set_threads(context.launch.threads);
  const auto place = place_in_run(options);
  if (!place) return run_lead(context, options, nullptr, result);
  run_in_session(*place, options.environment.rank_timeout, [&](ranks::Session& session) {
    if (place->leads())
      run_lead(context, options, &session, result);
    else
      run_member(context, options, session);
  });
}

}  // namespace runner::jobs
