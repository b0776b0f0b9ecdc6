#include "training/files/run_files.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "models/files/safetensors.h"
#include "models/model_config.h"
#include "models/state_dict.h"
#include "report/run_report.h"
#include "training/files/tensorboard_tags.h"

namespace runner::lvm {
namespace fs = std::filesystem;

namespace {

std::vector<std::int64_t> shape_of(const torch::Tensor& tensor) {
  return tensor.sizes().vec();
}

// Flat moments cut up by parameter.
std::vector<NamedArray> by_parameter(Model& model, const std::vector<float>& flat) {
  std::vector<NamedArray> arrays;
  const float* at = flat.data();
  for (const auto& item : model.named_parameters()) {
    arrays.push_back({item.key(), shape_of(item.value()), at});
    at += item.value().numel();
  }
  return arrays;
}

// The configuration's words as what they stand for: TensorBoard sorts numbers and draws them on axes.
Json typed(const Json& words) {
  Json values = Json::object();
  for (const auto& [key, word] : words.items()) {
    const Json value = word.is_string() ? Json::parse(word.get<std::string>(), nullptr, false) : word;
    values[key] = value.is_number() || value.is_boolean() ? value : word;
  }
  return values;
}

}  // namespace

std::vector<NamedArray> named_arrays(Model& model, const std::vector<float>& weights) {
  std::map<std::string, const float*> place;
  for (const NamedArray& array : by_parameter(model, weights)) place[array.name] = array.values;
  std::vector<NamedArray> arrays;
  for (const auto& [name, tensor] : state_dict(model)) {
    const auto found = place.find(name);
    if (found != place.end()) {
      arrays.push_back({name, shape_of(tensor), found->second});
      continue;
    }
    // Buffers never change: the model's own memory serves, or a copy from its device.
    const auto values = std::make_shared<torch::Tensor>(tensor.cpu().contiguous());
    arrays.push_back({name, shape_of(tensor), values->data_ptr<float>(), values});
  }
  return arrays;
}

RunFiles::RunFiles(fs::path folder, const std::string& config_yaml, Json config, Json adamw)
    : folder_(std::move(folder)),
      config_yaml_(config_yaml),
      config_(std::move(config)),
      adamw_(std::move(adamw)),
      metrics_(folder_ / "metrics.jsonl") {
  std::error_code error;
  fs::create_directories(checkpoints(), error);
  if (error) throw RunError("cannot create the folder: " + error.message(), checkpoints().string());
  write_file_atomically(folder_ / "config.yaml", config_yaml);
}

void RunFiles::add_metrics(const StepRecord& step) {
  add(step.step, step, tagged(step));
}

void RunFiles::add_metrics(const EpochRecord& epoch, const BaselineFigures& baselines) {
  add(epoch.step, epoch, tagged(epoch, baselines));
}

void RunFiles::add(std::int64_t step, const Json& line, const NamedList<double>& scalars) {
  check();
  metrics_.add(line);
  try {
    if (!tensorboard_) open_tensorboard();
    tensorboard_->add(step, scalars);
  } catch (const std::exception& error) {
    if (!tensorboard_warned_) spdlog::warn("tensorboard/: {}; the run goes on without it", error.what());
    tensorboard_warned_ = true;
  }
}

void RunFiles::open_tensorboard() {
  auto writer = std::make_unique<TensorBoardWriter>(folder_ / "tensorboard", tensorboard_from_);
  std::string indented;  // Markdown shows it as it is
  for (const char c : "    " + config_yaml_)
    indented += c == '\n' ? std::string("\n    ") : std::string(1, c);
  writer->add_text("config", indented);
  writer->add_hparams(typed(config_), {"val/cosine", "val/loss", "val/gain"});
  tensorboard_ = std::move(writer);
}

void RunFiles::forget_metrics_after(std::int64_t step, const std::vector<EpochRecord>& epochs) {
  metrics_.keep_until(step, epochs);
  tensorboard_from_ = step + 1;
}

void RunFiles::write_history(const TrainingHistory& history) {
  check();
  write_file_atomically(folder_ / "training_history.json", json_text(history, 2) + "\n");
  report::write_run_report(folder_, history);
}

PtContents RunFiles::pt_model(Model& model, const Snapshot& snapshot, const ModelRecord& record) const {
  PtContents contents;
  contents.epoch = record.epoch;
  contents.model_type = to_word(model.sizes().type);
  contents.model_config = model_config(model.sizes());
  contents.args = config_;
  contents.val_loss = record.val_loss;
  contents.val_cosine = record.val_cosine;
  contents.state = named_arrays(model, snapshot.weights);
  if (!snapshot.exp_avg.empty()) {
    contents.exp_avg = by_parameter(model, snapshot.exp_avg);
    contents.exp_avg_sq = by_parameter(model, snapshot.exp_avg_sq);
  }
  contents.updates = snapshot.updates;
  contents.optimizer = adamw_;
  contents.optimizer["lr"] = record.lr;
  return contents;
}

void RunFiles::write_pt_model(const char* file, const PtContents& contents) const {
  check();
  write_pt(folder_ / file, contents);
}

void RunFiles::write_safetensors_model(Model& model, const std::vector<float>& weights,
                                       const Json& extra) const {
  check();
  write_safetensors(folder_ / "model.safetensors", named_arrays(model, weights));
  Json config{{"model_type", to_word(model.sizes().type)}, {"model_config", model_config(model.sizes())}};
  for (const auto& [key, value] : extra.items()) config[key] = value;
  write_file_atomically(folder_ / "config.json", json_text(config, 2) + "\n");
}

}  // namespace runner::lvm
