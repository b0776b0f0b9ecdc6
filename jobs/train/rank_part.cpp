#include "jobs/train/rank_part.h"

#include "base/error.h"
#include "engines/make_step.h"
#include "environment/bootstrap.h"
#include "jobs/rank_session.h"
#include "jobs/train/identity.h"
#include "openmp_scan/scan.h"
#include "training/trainer.h"

namespace runner::jobs {

std::optional<ranks::RankPlace> place_in_run(const TrainOptions& options) {
  auto place = ranks::rank_place(runtime::current_environment());
  if (!place || place->size > 1) return place;
  return options.device.starts_with("cuda") ? place : std::nullopt;
}

std::shared_ptr<ranks::Group> meet(ranks::Session* session, const TrainOptions& options,
                                   const Hardware& hardware, const RunIdentity& identity) {
  if (session == nullptr) return nullptr;
  const RunIdentity same = without_places(identity);
  return meet(*session,
              {object_of(same.config), same.data, hardware.precision,
               torch::Device(runtime::to_string(hardware.choice.actual))},
              options.gradients);
}

Start agree_on_start(ranks::Group* group, Start start) {
  if (group == nullptr) return start;
  torch::Tensor word = torch::tensor({static_cast<std::int64_t>(start)});
  group->broadcast(word);
  return static_cast<Start>(word.item<std::int64_t>());
}

void share_weights(ranks::Group* group, lvm::TrainingStep& step) {
  if (group == nullptr) return;
  for (const lvm::StateBuffer& buffer : step.state())
    if (buffer.name == "weights") group->broadcast(buffer.values);
  step.state_changed(step.updates());
}

void run_member(const JobContext& context, const TrainOptions& options, ranks::Session& session) {
  const ranks::RankPlace& place = session.place();
  const Hardware hardware = choose_hardware(options, place);
  TrainInputs inputs = open_inputs(options, true);
  const RunIdentity identity{comparable_config(context.values), inputs.record, {}};
  const auto group = meet(&session, options, hardware, identity);
  lvm::TrainerParts parts;
  parts.options = trainer_options(options, context, place.size);
  parts.baselines =
      lvm::measure_baselines(inputs.samples, inputs.split, options.data.normalize, options.baselines, group);
  auto model = build_model(options, inputs, std::nullopt);
  parts.device = place_model(*model, options, inputs, hardware).device;
  parts.step = lvm::make_step(options.engine, std::move(model), step_options(options, group),
                              inputs.samples->context(), parts.device);
  parts.group = group;
  parts.samples = inputs.samples;
  parts.check_inputs = [&inputs] { inputs.watch.check(); };
  parts.split = inputs.split;
  const Start start = agree_on_start(group.get(), Start::anew);
  if (start == Start::finished) return;
  share_weights(group.get(), *parts.step);
  lvm::Trainer trainer(std::move(parts));
  if (start == Start::resumed) trainer.restore(trainer.read_for_all(""));
  trainer.run();
}

}  // namespace runner::jobs
