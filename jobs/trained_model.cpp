#include "jobs/trained_model.h"

#include "base/error.h"
#include "base/input_file.h"
#include "base/log.h"
#include "config/resolve.h"
#include "engines/device_probe.h"
#include "engines/placement.h"
#include "jobs/job_type.h"
#include "jobs/rank_session.h"
#include "jobs/voice.h"

namespace runner::jobs {

std::optional<TrainOptions> run_of(const std::filesystem::path& model) {
  const auto folder = std::filesystem::is_directory(model) ? model : model.parent_path();
  const auto config = folder / "config.yaml";
  std::error_code absent;
  if (!std::filesystem::exists(config, absent)) return std::nullopt;
  const std::string text = read_regular_file(config, std::size_t{4} << 20);
  JobOptionsOf<TrainOptions> options;
  config::Binder binder;
  options.declare_all(binder);
  // Its data may lie elsewhere by now, and may not be needed: splits are opened from what eval names.
  for (const auto& field : binder.fields()) {
    field->must_be_file = field->must_exist = false;
    field->is_record = true;
  }
  try {
    config::throw_if_any(config::resolve(binder, text, config.string(), {}));
    return options.options;
  } catch (const Error& error) {
    throw UsageError(std::string("the run's configuration cannot be read: ") + error.what(), config.string());
  }
}

ComputePlace place_model(lvm::Model& model, const ComputeWish& wish, const std::optional<TrainOptions>& run) {
  const bool fallback = wish.device_fallback.value_or(wish.device == "auto");
  const auto choice = choose_rank_device(wish.device, fallback, wish.place);
  using lvm::PrecisionChoice;
  const PrecisionChoice wanted = wish.precision != PrecisionChoice::fitting ? wish.precision
                                 : run                                      ? run->precision
                                                                            : PrecisionChoice::fp32;
  const PrecisionChoice precision = lvm::choose_precision(wanted, choice.actual);
  tell_choice(choice, to_word(precision));
  lvm::PlacementWish placement{choice.actual, precision};
  placement.context = wish.context;
  const lvm::Placement placed = lvm::place(model, placement);
  if (!placed.check.empty()) spdlog::info("{}", placed.check);
  return {placed.device, precision};
}

}  // namespace runner::jobs
