#include "training/trainer_state.h"

#include <cmath>
#include <limits>

namespace runner::lvm {
namespace {

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<double> optional_number(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<double>(json.get<double>());
}

Json to_json(const PlateauState& s) {
  // JSON has no infinity: null stands for "no epoch yet".
  return {{"best", std::isfinite(s.best) ? Json(s.best) : Json(nullptr)},
          {"bad_epochs", s.bad_epochs},
          {"cooldown_left", s.cooldown_left},
          {"epochs", s.epochs}};
}

PlateauState plateau_from(const Json& json) {
  PlateauState s;
  s.best = optional_number(json.at("best")).value_or(std::numeric_limits<double>::infinity());
  s.bad_epochs = json.at("bad_epochs").get<std::int64_t>();
  s.cooldown_left = json.at("cooldown_left").get<std::int64_t>();
  s.epochs = json.at("epochs").get<std::int64_t>();
  return s;
}

Json to_json(const EpochSums& s) {
  return {{"rows", s.rows},         {"loss", s.loss}, {"cosine", s.cosine},        {"loss_mse", s.loss_mse},
          {"loss_dir", s.loss_dir}, {"rho", s.rho},   {"confidence", s.confidence}};
}

EpochSums sums_from(const Json& json) {
  EpochSums s;
  s.rows = json.at("rows").get<std::int64_t>();
  s.loss = json.at("loss").get<double>();
  s.cosine = json.at("cosine").get<double>();
  s.loss_mse = json.at("loss_mse").get<double>();
  s.loss_dir = json.at("loss_dir").get<double>();
  s.rho = json.at("rho").get<double>();
  s.confidence = json.at("confidence").get<double>();
  return s;
}

}  // namespace

Json to_json(const TrainerState& s) {
  return {{"epoch", s.epoch},
          {"batch", s.batch},
          {"step", s.step},
          {"lr", s.lr},
          {"plateau", to_json(s.plateau)},
          {"gates", to_json(s.gates)},
          {"sums", to_json(s.sums)},
          {"history", s.history},
          {"events", s.events},
          {"skipped", s.skipped},
          {"best_step", s.best_step},
          {"best_epoch", s.best_epoch},
          {"best_val_loss", number_or_null(s.best_val_loss)},
          {"best_val_cosine", s.best_val_cosine},
          {"early_best", number_or_null(s.early_best)},
          {"early_bad", s.early_bad},
          {"stopped_early", s.stopped_early},
          {"finished", s.finished}};
}

TrainerState trainer_state_from(const Json& json) {
  TrainerState s;
  s.epoch = json.at("epoch").get<std::int64_t>();
  s.batch = json.at("batch").get<std::int64_t>();
  s.step = json.at("step").get<std::int64_t>();
  s.lr = json.at("lr").get<double>();
  s.plateau = plateau_from(json.at("plateau"));
  s.gates = gate_state_from(json.at("gates"));
  s.sums = sums_from(json.at("sums"));
  s.history = json.at("history");
  s.events = json.at("events");
  s.skipped = json.at("skipped").get<std::int64_t>();
  s.best_step = json.at("best_step").get<std::int64_t>();
  s.best_epoch = json.at("best_epoch").get<std::int64_t>();
  s.best_val_loss = optional_number(json.at("best_val_loss"));
  s.best_val_cosine = json.at("best_val_cosine").get<double>();
  s.early_best = optional_number(json.at("early_best"));
  s.early_bad = json.at("early_bad").get<std::int64_t>();
  s.stopped_early = json.value("stopped_early", false);
  s.finished = json.at("finished").get<bool>();
  return s;
}

}  // namespace runner::lvm
