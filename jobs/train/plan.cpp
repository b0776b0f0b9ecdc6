// runner plan configs/p6b_v23.yaml: what a run would take, before anything runs.
#include "jobs/train/plan.h"

#include "base/log.h"
#include "base/progress.h"
#include "jobs/job_type.h"
#include "jobs/train/inputs.h"
#include "jobs/train/leaks.h"
#include "jobs/train/plan_ranks.h"
#include "jobs/train/result.h"
#include "jobs/train/set_up.h"
#include "jobs/voice.h"
#include "models/model.h"
#include "models/state_dict.h"

namespace runner::jobs {
namespace {

constexpr double base_memory = 250e6;           // libtorch and its libraries
constexpr double flop_rate = 60e9;              // products a second of one core, a cautious guess in fp32
constexpr double flop_per_parameter_row = 6.0;  // forward 2, backward 4

}  // namespace

void plan_train(const JobContext& context, JobResult& result) {
  const auto options = options_of<TrainOptions>(context);
  const TrainInputs inputs = open_inputs(options, false);
  const Leaks leaks = find_leaks(options, inputs);
  warn_of_leaks(leaks);
  const auto sizes = lvm::model_sizes(options.model, inputs.samples->width(), inputs.samples->context());
  const auto model = lvm::make_model(sizes, static_cast<std::uint64_t>(options.seed));
  const auto parameters = static_cast<double>(lvm::parameter_count(*model));
  const auto rows = static_cast<std::int64_t>(inputs.split.training.size());
  const std::int64_t steps_per_epoch = (rows + options.batch_size - 1) / options.batch_size;
  const double state = parameters * sizeof(float);
  const double memory =
      base_memory + 7 * state;  // weights, gradients, two moments, and the copy of a checkpoint
  const double disk = (3 * state) * static_cast<double>(options.checkpoint.keep + 3) + 2 * state;
  const int threads = std::max(1, context.launch.threads);
  const double seconds = static_cast<double>(options.epochs) * static_cast<double>(rows) * parameters *
                         flop_per_parameter_row * static_cast<double>(inputs.samples->context()) /
                         (flop_rate * threads);
  result.result = {{"output", options.output},
                   {"windows", inputs.samples->size()},
                   {"training_windows", rows},
                   {"validation_windows", inputs.split.validation.size()},
                   {"steps_per_epoch", steps_per_epoch},
                   {"steps", steps_per_epoch * options.epochs},
                   {"parameters", lvm::parameter_count(*model)},
                   {"memory_bytes", static_cast<std::int64_t>(memory)},
                   {"disk_bytes", static_cast<std::int64_t>(disk)},
                   {"seconds", seconds},
                   {"shared_targets", leaks.shared_targets},
                   {"targets_in_contexts", leaks.targets_in_contexts},
                   {"shared_vectors", leaks.shared_vectors},
                   {"crossing_windows", leaks.crossing_windows}};
  report::Block plan;
  std::vector<std::string> config{options.name};
  for (const InputRecord& file : inputs.record.files) config.push_back(file.path);
  plan.add("train", std::move(config));
  plan.add("split", split_parts(inputs.record));
  plan.add("model", {model_part(facts_of(*model))});
  plan.add("steps", {fmt::format("{} ({} an epoch × {} epochs)", steps_per_epoch * options.epochs,
                                 steps_per_epoch, options.epochs),
                     fmt::format("batch {}", options.batch_size)});
  plan.add("memory", {"about " + format_bytes(memory)});
  plan.add("disk", {"about " + format_bytes(disk) + " (checkpoints and models)"});
  plan.add("time", {fmt::format("about {} on {} threads", format_duration(seconds), threads),
                    "a rough guess (runner train tells the rate after its first steps)"});
  tell_closing(
      context, [&](std::size_t) { return plan; }, result);
  if (const std::int64_t ranks = context.arguments.ranks; ranks > 0) {
    set_threads(context.launch.threads);
    plan_ranks(options, inputs, parameters, threads, static_cast<int>(ranks), result);
  }
}

}  // namespace runner::jobs
