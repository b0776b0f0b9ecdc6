#include "jobs/train/result.h"

#include <algorithm>

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/shell_quote.h"
#include "jobs/voice.h"
#include "models/state_dict.h"
#include "report/figures_text.h"
#include "training/files/checkpoint.h"

namespace runner::jobs {
namespace {

// The epoch whose model is kept.
const EpochRecord& best_epoch(const lvm::TrainerState& state) {
  const auto found = std::find_if(state.history.begin(), state.history.end(),
                                  [&](const EpochRecord& epoch) { return epoch.step == state.best_step; });
  return found == state.history.end() ? state.history.back() : *found;
}

// As a shell takes them.
std::vector<std::string> next_commands(const RunFacts& facts) {
  const std::string run = shell_quoted(facts.folder.string()),
                    data = facts.data.files.empty() ? "FILE" : shell_quoted(facts.data.files[0].path);
  const bool vectors = facts.data.kind == "vectors";
  return {"runner runs report " + run,
          "tensorboard --logdir " + shell_quoted((facts.folder / "tensorboard").string()),
          "runner eval eval_5cat --model " + run + (vectors ? " --npz " + data : ""),
          "runner predict " + run + " --npz " + data};
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
  if (!facts.products.name.empty()) {
    result.products = facts.products.name;
    result.products_reason = facts.products.reason;
  }
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
  result.config = facts.config;
  result.data = facts.data;
  result.model = facts.model;
  result.threads = facts.launch.threads;
  result.openmp = openmp_verdict(facts.launch);
  if (!state.history.empty()) result.best = best_epoch(state);
  result.checkpoint_bytes = lvm::checkpoint_bytes(facts.folder / "checkpoints");
  result.next = next_commands(facts);
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

ModelFacts facts_of(const lvm::Model& model) {
  const lvm::ModelSizes& sizes = model.sizes();
  const std::int64_t size = sizes.d_model > 0 ? sizes.d_model : sizes.hidden;
  ModelFacts facts;
  facts.type = to_word(sizes.type);
  facts.sizes =
      sizes.layers > 0 ? fmt::format("{} layers of {}", sizes.layers, size) : fmt::format("{} wide", size);
  if (sizes.heads > 0) facts.sizes += fmt::format(", {} heads", sizes.heads);
  facts.parameters = lvm::parameter_count(model);
  facts.bytes = facts.parameters * static_cast<std::int64_t>(sizeof(float));
  return facts;
}

std::vector<std::string> split_parts(const DataRecord& data) {
  const std::string articles =
      data.articles == 0 ? "" : fmt::format(" ({} of {} articles)", data.validation_articles, data.articles);
  return {fmt::format("{} windows of {} × {}", data.windows, data.context, data.width),
          fmt::format("{} train", data.training_windows),
          fmt::format("{} validate{}", data.validation_windows, articles)};
}

std::string model_part(const ModelFacts& model) {
  return fmt::format("{}  {:.1f} M parameters  {:.1f} MB  {}", model.type,
                     static_cast<double>(model.parameters) / 1e6, static_cast<double>(model.bytes) / 1e6,
                     model.sizes);
}

report::Block header_of(const RunFacts& facts) {
  report::Block block;
  const DataRecord& data = facts.data;
  std::vector<std::string> config{facts.config};
  for (const InputRecord& file : data.files) config.push_back(file.path);
  block.add("train", std::move(config));
  block.add("split", split_parts(data));
  block.add("model", {model_part(facts.model)});
  std::vector<std::string> device = compute_parts(facts.launch, facts.device);
  device.insert(device.begin() + 1, {facts.precision, facts.engine + " engine"});
  if (facts.ranks > 1) device.push_back(fmt::format("{} ranks", facts.ranks));
  block.add("device", std::move(device));
  if (!facts.products.name.empty()) block.add("products", {facts.products.name, facts.products.reason});
  if (!facts.device_check.empty()) block.add("checked", {facts.device_check});
  block.add("baselines", report::baseline_parts(facts.baselines));
  block.add("output", {facts.folder.string()});
  return block;
}

namespace {

void add_gates(const NamedList<GateRecord>& gates, report::Block& block) {
  std::vector<std::string> lines;
  for (const auto& [name, gate] : gates)
    lines.push_back(fmt::format("{}  {:<14}{:>9.4f}  >= {:g}", gate.passed ? "pass" : "FAIL", name,
                                gate.value, gate.limit));
  if (!lines.empty()) block.add_list("gates", std::move(lines));
}

std::string counted(std::int64_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

std::string or_dash(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "–";
}

}  // namespace

report::Block closing_of(const TrainingResult& r, std::size_t width) {
  report::Block block;
  NamedList<NamedList<double>> rows;
  if (r.best) {
    const EpochRecord& best = *r.best;
    block.add("best", {fmt::format("epoch {} of {}", best.epoch, r.epochs),
                       fmt::format("val loss {:.6f}", best.val_loss),
                       fmt::format("cosine {:.4f}", best.val_cosine), "new MRR " + or_dash(best.new_mrr, 4)});
    rows.emplace_back(fmt::format("this model, epoch {}", best.epoch), numbers_of(best));
  }
  block.add("gain", {fmt::format("{:+.4f} over {}", r.gain, r.baselines.best)});
  for (const auto& [name, figures] : r.baselines.figures) rows.emplace_back(name, numbers_of(figures));
  rows.emplace_back("chance", numbers_of(r.baselines.chance));
  block.add_table(report::figure_table(rows, width));
  if (r.advice) block.add_text("advice", *r.advice);
  add_gates(r.gates, block);
  block.add("time",
            {format_duration(r.wall_s), counted(r.epochs, "epoch"), counted(r.steps, "step"), r.outcome});
  block.add("rate", {or_dash(r.samples_per_second, 0) + " samples/s", or_dash(r.step_ms, 1) + " ms a step",
                     fmt::format("{:.0f} MB at most", r.rss_mb)});
  block.add("model", {r.output + "/best_model.pt"});
  block.add("disk", {format_bytes(static_cast<double>(r.checkpoint_bytes)) + " in checkpoints/",
                     "the last one (--resume trains on) and the best one"});
  block.add_list("next", r.next);
  return block;
}

}  // namespace runner::jobs
