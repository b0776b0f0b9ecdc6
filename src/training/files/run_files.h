#pragma once
// The folder of a training run: every file in it but the checkpoints' contents.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contract/training_records.h"
#include "models/files/pt_writer.h"
#include "models/model.h"
#include "training/files/metrics_file.h"
#include "training/files/tensorboard.h"

namespace runner::lvm {

// A copy of the trained state, taken between two steps.
struct Snapshot {
  std::vector<float> weights, exp_avg, exp_avg_sq;
  std::int64_t updates = 0;
};

struct ModelRecord {
  std::int64_t epoch = 0;  // from 1
  double val_loss = 0, val_cosine = 0, lr = 0;
};

class RunFiles {
 public:
  // Creates the folder. `config_yaml` is the resolved configuration with origins, `config` the same as plain
  // values (the `args` of .pt files), `adamw` what a param group records beside lr.
  RunFiles(std::filesystem::path folder, const std::string& config_yaml, Json config, Json adamw);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path checkpoints() const { return folder_ / "checkpoints"; }

  // `check` is called before each file is written, and throws when the folder is not there any more.
  void check_before_writing(std::function<void()> check) { check_ = std::move(check); }
  void check() const {
    if (check_) check_();
  }

  // One line of metrics.jsonl and the same numbers for TensorBoard, with an epoch's those of the baselines. A
  // full disk is a warning.
  void add_metrics(const StepRecord& step);
  void add_metrics(const EpochRecord& epoch, const BaselineFigures& baselines = {});
  // Drops the lines that a run resumed at `step`, with `epochs` behind it, writes again.
  void forget_metrics_after(std::int64_t step, const std::vector<EpochRecord>& epochs = {});
  void forget_metrics() { metrics_.clear(); }
  void flush_metrics_to_disk() const { metrics_.flush_to_disk(); }

  // training_history.json and report.html.
  void write_history(const TrainingHistory& history);
  // What best_model.pt or final_model.pt hold, from a snapshot of `model`'s state, which has to outlive it.
  // On the thread that computes: MPS takes work from no other, and buffers come from the device.
  PtContents pt_model(Model& model, const Snapshot& snapshot, const ModelRecord& record) const;
  void write_pt_model(const char* file, const PtContents& contents) const;
  // model.safetensors and config.json.
  void write_safetensors_model(Model& model, const std::vector<float>& weights, const Json& extra) const;

 private:
  void add(std::int64_t step, const Json& line, const NamedList<double>& scalars);
  void open_tensorboard();

  std::filesystem::path folder_;
  std::string config_yaml_;
  Json config_, adamw_;
  std::function<void()> check_;
  MetricsFile metrics_;
  std::unique_ptr<TensorBoardWriter> tensorboard_;
  bool tensorboard_warned_ = false;
  std::int64_t tensorboard_from_ = 0;  // the first step that a resumed run writes again
};

// The model's state dict with its parameters taken from `weights` (flat, in the order of model.parameters()).
std::vector<NamedArray> named_arrays(Model& model, const std::vector<float>& weights);

}  // namespace runner::lvm
