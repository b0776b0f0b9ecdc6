// Saving and restoring a run. The loop waits only for the copy; writing happens beside it.
#include "training/trainer.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/time.h"
#include "models/model_file.h"
#include "models/state_dict.h"
#include "training/files/checkpoint.h"

namespace runner::lvm {
namespace {

std::vector<float> copy_of(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().to(torch::kCPU).contiguous();
  const float* values = flat.data_ptr<float>();
  return {values, values + flat.numel()};
}

void copy_into(torch::Tensor target, const std::vector<float>& values, const std::string& name) {
  if (target.numel() != static_cast<std::int64_t>(values.size()))
    throw DataError(
        fmt::format("the checkpoint's {} has {} values, the model {}", name, values.size(), target.numel()));
  const torch::NoGradGuard no_grad;
  target.copy_(torch::from_blob(const_cast<float*>(values.data()), {target.numel()}));
}

}  // namespace

Snapshot Trainer::snapshot() {
  return_free_memory();  // what a validation has left
  Snapshot s;
  for (const StateBuffer& buffer : parts_.step->state()) {
    if (buffer.name == "weights") s.weights = copy_of(buffer.values);
    if (buffer.name == "exp_avg") s.exp_avg = copy_of(buffer.values);
    if (buffer.name == "exp_avg_sq") s.exp_avg_sq = copy_of(buffer.values);
  }
  s.updates = parts_.step->updates();
  return s;
}

bool Trainer::checkpoint_due() const {
  const CheckpointOptions& o = parts_.options.checkpoint;
  if (o.every_steps > 0 && state_.step % o.every_steps == 0) return true;
  const double minutes = seconds_since(last_checkpoint_) / 60;
  return o.every_minutes > 0 && minutes >= o.every_minutes;
}

namespace {

Checkpoint checkpoint_of(const TrainerState& state, std::shared_ptr<Snapshot> snapshot) {
  Checkpoint c;
  c.state = state;
  c.state.updates = snapshot->updates;
  c.tensors.push_back({"weights", std::move(snapshot->weights)});
  c.tensors.push_back({"exp_avg", std::move(snapshot->exp_avg)});
  c.tensors.push_back({"exp_avg_sq", std::move(snapshot->exp_avg_sq)});
  return c;
}

}  // namespace

void Trainer::write_step_checkpoint(std::shared_ptr<Checkpoint> checkpoint) {
  const auto folder = parts_.files->checkpoints();
  const auto target = folder / checkpoint_name("step", state_.step);
  const std::int64_t best = state_.best_step;
  const std::int64_t keep = ended_well_ ? 1 : parts_.options.checkpoint.keep;
  const RunFiles* files = parts_.files;
  writer_.start([checkpoint = std::move(checkpoint), folder, target, keep, best, files]() mutable {
    files->check();
    files->flush_metrics_to_disk();
    write_checkpoint(target, *checkpoint);
    checkpoint.reset();
    return_free_memory();
    prune_checkpoints(folder, keep, best);
    status::beat();
  });
  last_checkpoint_ = Clock::now();
}

void Trainer::save_checkpoint(bool wait) {
  if (!writes()) return;
  parts_.check_inputs();
  writer_.finish();  // before the copy: two copies at once would double the memory
  write_step_checkpoint(
      std::make_shared<Checkpoint>(checkpoint_of(state_, std::make_shared<Snapshot>(snapshot()))));
  if (wait) writer_.finish();
}

void Trainer::save_best(const EpochRecord& epoch) {
  state_.best_step = state_.step;
  state_.best_epoch = epoch.epoch;
  state_.best_val_loss = epoch.val_loss;
  state_.best_val_cosine = epoch.val_cosine;
  if (!writes()) return;
  const ModelRecord record = record_of_last_epoch();
  writer_.finish();
  auto copy = std::make_shared<Snapshot>(snapshot());
  const auto target = parts_.files->checkpoints() / checkpoint_name("best", state_.best_step);
  RunFiles* files = parts_.files;
  PtContents contents = files->pt_model(parts_.step->model(), *copy, record);
  const TrainerState state = state_;
  writer_.start([copy = std::move(copy), target, files, contents = std::move(contents), state]() mutable {
    files->write_pt_model("best_model.pt", contents);
    files->check();
    write_checkpoint(target, checkpoint_of(state, std::move(copy)));
    return_free_memory();
  });
}

ModelRecord Trainer::record_of_last_epoch() const {
  ModelRecord record;
  if (state_.history.empty()) return record;
  const EpochRecord& epoch = state_.history.back();
  record.epoch = epoch.epoch;
  record.val_loss = epoch.val_loss;
  record.val_cosine = epoch.val_cosine;
  record.lr = state_.lr;
  return record;
}

void Trainer::load(const Checkpoint& checkpoint, bool with_position) {
  for (const StateBuffer& buffer : parts_.step->state())
    for (const CheckpointTensor& tensor : checkpoint.tensors)
      if (tensor.name == buffer.name) copy_into(buffer.values, tensor.values, tensor.name);
  const TrainerState& saved = checkpoint.state;
  parts_.step->state_changed(saved.updates);
  if (with_position) {
    state_ = saved;
    state_.identity = parts_.identity;
    if (state_.row == 0) state_.row = state_.batch * parts_.options.batch_size;  // of an older checkpoint
    return;
  }
  state_.lr = saved.lr;
  state_.plateau = saved.plateau;
}

void Trainer::restore(const Checkpoint& checkpoint) {
  load(checkpoint, true);
  std::vector<EpochRecord>& history = state_.history;
  // An epoch that --max-steps had cut is judged anew at its end.
  if (!out_of_steps() && !history.empty() && history.back().epoch == state_.epoch + 1) history.pop_back();
  if (writes()) parts_.files->forget_metrics_after(state_.step, history);
  state_.finished = false;
}

std::vector<float> Trainer::best_weights() {
  const auto folder = parts_.files->checkpoints() / checkpoint_name("best", state_.best_step);
  try {
    return std::move(read_checkpoint(folder, "weights").tensors.at(0).values);
  } catch (const DataError& error) {
    const auto copy = parts_.files->folder() / "best_model.pt";
    spdlog::warn("{}; the best weights are taken from {}", error.line(), copy.string());
    const StateDict saved = read_model_file(copy).weights;
    std::vector<float> weights;
    for (const auto& item : parts_.step->model().named_parameters()) {
      const auto found = std::find_if(saved.begin(), saved.end(),
                                      [&](const auto& entry) { return entry.first == item.key(); });
      if (found == saved.end()) throw DataError("lacks " + item.key(), copy.string());
      const std::vector<float> values = copy_of(found->second);
      weights.insert(weights.end(), values.begin(), values.end());
    }
    return weights;
  }
}

// Every file of a run that has ended, the last checkpoint included.
void Trainer::write_model_files() {
  if (!writes()) return;
  const RunFiles& files = *parts_.files;
  Model& model = parts_.step->model();
  parts_.files->write_history(history());
  writer_.finish();
  const bool has_best = state_.best_step >= 0;
  if (has_best) files.write_safetensors_model(model, best_weights(), parts_.model_record);
  // One copy for all; the checkpoint comes last, since it may say that the run is finished.
  auto last = std::make_shared<Snapshot>(snapshot());
  if (!has_best) files.write_safetensors_model(model, last->weights, parts_.model_record);
  files.write_pt_model("final_model.pt", files.pt_model(model, *last, record_of_last_epoch()));
  write_step_checkpoint(std::make_shared<Checkpoint>(checkpoint_of(state_, std::move(last))));
  writer_.finish();
}

void Trainer::finish(TrainerResult& result) {
  status::set_phase("write the model files");
  const GateOptions& gates = parts_.options.gates;
  result.outcome = state_.stopped_early ? "stopped early" : "finished";
  const bool whole = state_.stopped_early || state_.epoch >= parts_.options.epochs;
  if (gates.any_final() && parts_.options.judge_final_gates && whole && !state_.history.empty()) {
    const EpochRecord& last = state_.history.back();
    result.final_gates = final_gates(
        gates, {last.margin, last.val_cosine, last.legacy_r5, parts_.baselines.gain(state_.best_val_cosine)});
    for (const auto& [name, gate] : result.final_gates)
      if (!gate.passed) result.gates_passed = false;
  } else if (gates.any_final()) {
    spdlog::info("final gates are not judged: flags cut this run short of its config");
  }
  if (!result.gates_passed) result.outcome = "gate failed";
  state_.finished = true;
  ended_well_ = whole && result.gates_passed;
  write_model_files();
  result.samples_per_second = samples_per_second();
  result.step_ms = step_ms();
  result.first_step_ms = first_step_ms();
  if (parts_.group && parts_.group->times() && seconds_here_ > 0) {
    result.waited_share = exchange_here_.waited / seconds_here_;
    result.summing_share = exchange_here_.summing / seconds_here_;
  }
  result.wall_s = seconds_since(started_);
}

}  // namespace runner::lvm
