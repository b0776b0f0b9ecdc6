#include "jobs/train/result.h"

#include "base/json_file.h"
#include "base/log.h"
#include "base/memory.h"
#include "training/figures_text.h"

namespace runner::jobs {
namespace {

// The epoch whose model is kept.
const Json& best_epoch(const lvm::TrainerState& state) {
  for (const Json& epoch : state.history)
    if (epoch.at("step") == state.best_step) return epoch;
  return state.history.back();
}

}  // namespace

Json result_of(const lvm::TrainerState& state, const lvm::TrainerResult& r, const RunFacts& facts) {
  Json result{{"output", facts.folder.string()},
              {"best_val_loss", state.best_val_loss ? Json(*state.best_val_loss) : Json(nullptr)},
              {"best_val_cosine", state.best_val_cosine},
              {"epochs", state.history.size()},
              {"steps", state.step},
              {"samples_per_second", r.samples_per_second},
              {"step_ms", r.step_ms},
              {"first_step_ms", r.first_step_ms},
              {"device", facts.device},
              {"precision", facts.precision},
              {"engine", facts.engine},
              {"wall_s", r.wall_s},
              {"rss_mb", peak_memory_mb()},
              {"rollbacks", state.gates.rollbacks},
              {"skipped_batches", state.skipped},
              {"outcome", r.outcome}};
  if (!r.final_gates.empty()) result["gates"] = r.final_gates;
  result["gain"] = facts.baselines.gain(state.best_val_cosine);
  result.update(lvm::to_json(facts.baselines));
  const std::string advice = lvm::shortfall(facts.baselines, state.best_val_cosine, facts.residual);
  result["advice"] = advice.empty() ? Json(nullptr) : Json(advice);
  return result;
}

Json result_of_finished(const lvm::TrainerState& state, const RunFacts& facts) {
  lvm::TrainerResult result;
  result.outcome = "finished already";
  if (!state.history.empty()) {
    const Json& last = state.history.back();
    result.samples_per_second = member_in(last, "samples_per_second");
    result.step_ms = member_in(last, "step_ms");
    result.first_step_ms = member_in(last, "first_step_ms");
  }
  return result_of(state, result, facts);
}

std::string summary_of(const lvm::TrainerState& state, const RunFacts& facts, const Json& result) {
  const lvm::BaselineFigures& baselines = facts.baselines;
  std::vector<std::pair<std::string, Json>> rows{
      {fmt::format("this model, epoch {}", state.best_epoch), best_epoch(state)}};
  for (const auto& [name, figures] : baselines.figures.items()) rows.emplace_back(name, figures);
  rows.emplace_back("chance", baselines.chance);
  const Json& advice = result.at("advice");
  return fmt::format("model: {}\nbest epoch {}: validation loss {:.6f}, cosine {:.4f}, gain {} over {}\n{}{}",
                     (facts.folder / "best_model.pt").string(), state.best_epoch,
                     state.best_val_loss.value_or(0), state.best_val_cosine, lvm::figure(result, "gain", 4),
                     baselines.best, lvm::figure_table(rows),
                     advice.is_null() ? "" : advice.get<std::string>() + "\n");
}

}  // namespace runner::jobs
