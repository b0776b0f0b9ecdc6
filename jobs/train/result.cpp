#include "jobs/train/result.h"

#include <algorithm>

#include "base/log.h"
#include "base/memory.h"
#include "report/figures_text.h"

namespace runner::jobs {
namespace {

// The epoch whose model is kept.
const EpochRecord& best_epoch(const lvm::TrainerState& state) {
  const auto found = std::find_if(state.history.begin(), state.history.end(),
                                  [&](const EpochRecord& epoch) { return epoch.step == state.best_step; });
  return found == state.history.end() ? state.history.back() : *found;
}

}  // namespace

TrainingResult result_of(const lvm::TrainerState& state, const lvm::TrainerResult& r, const RunFacts& facts) {
  TrainingResult result;
  result.output = facts.folder.string();
  result.best_val_loss = state.best_val_loss;
  result.best_val_cosine = state.best_val_cosine;
  result.epochs = static_cast<std::int64_t>(state.history.size());
  result.steps = state.step;
  result.samples_per_second = r.samples_per_second;
  result.step_ms = r.step_ms;
  result.first_step_ms = r.first_step_ms;
  result.device = facts.device;
  result.precision = facts.precision;
  result.engine = facts.engine;
  result.wall_s = r.wall_s;
  result.rss_mb = peak_memory_mb();
  result.rollbacks = state.gates.rollbacks;
  result.skipped_batches = state.skipped;
  result.outcome = r.outcome;
  result.ranks = facts.ranks;
  result.waited_share = r.waited_share;
  result.summing_share = r.summing_share;
  result.gates = r.final_gates;
  result.gain = facts.baselines.gain(state.best_val_cosine);
  result.baselines = facts.baselines;
  const std::string advice = report::shortfall(facts.baselines, state.best_val_cosine, facts.residual);
  if (!advice.empty()) result.advice = advice;
  return result;
}

TrainingResult result_of_finished(const lvm::TrainerState& state, const RunFacts& facts) {
  lvm::TrainerResult result;
  result.outcome = "finished already";
  if (!state.history.empty()) {
    const EpochRecord& last = state.history.back();
    result.samples_per_second = last.samples_per_second;
    result.step_ms = last.step_ms;
    result.first_step_ms = last.first_step_ms;
  }
  return result_of(state, result, facts);
}

std::string summary_of(const lvm::TrainerState& state, const RunFacts& facts, const TrainingResult& result) {
  const BaselineFigures& baselines = facts.baselines;
  NamedList<NamedList<double>> rows{
      {fmt::format("this model, epoch {}", state.best_epoch), numbers_of(best_epoch(state))}};
  for (const auto& [name, figures] : baselines.figures) rows.emplace_back(name, numbers_of(figures));
  rows.emplace_back("chance", numbers_of(baselines.chance));
  return fmt::format(
      "model: {}\nbest epoch {}: validation loss {:.6f}, cosine {:.4f}, gain {:+.4f} over {}\n{}{}",
      (facts.folder / "best_model.pt").string(), state.best_epoch, state.best_val_loss.value_or(0),
      state.best_val_cosine, result.gain, baselines.best, report::figure_table(rows),
      result.advice ? *result.advice + "\n" : "");
}

}  // namespace runner::jobs
