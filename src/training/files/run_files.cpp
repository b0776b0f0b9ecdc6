#include "training/files/run_files.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "models/files/safetensors.h"

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
      config_(std::move(config)),
      adamw_(std::move(adamw)),
      metrics_(folder_ / "metrics.jsonl") {
  std::error_code error;
  fs::create_directories(checkpoints(), error);
  if (error) throw RunError("cannot create the folder: " + error.message(), checkpoints().string());
  write_file_atomically(folder_ / "config.yaml", config_yaml);
}

void RunFiles::add_metrics(const StepRecord& step) {
  add(step.step, step, numbers_of(step));
}

void RunFiles::add_metrics(const EpochRecord& epoch, const NamedList<double>& more) {
  NamedList<double> scalars = more;
  for (auto& number : numbers_of(epoch)) scalars.push_back(std::move(number));
  add(epoch.step, epoch, scalars);
}

void RunFiles::add(std::int64_t step, const Json& line, const NamedList<double>& numbers) {
  check();
  metrics_.add(line);
  NamedList<double> scalars = numbers;
  std::erase_if(scalars, [](const auto& scalar) { return scalar.first == "step"; });
  try {
    if (!tensorboard_)
      tensorboard_ = std::make_unique<TensorBoardWriter>(folder_ / "tensorboard", tensorboard_from_);
    tensorboard_->add(step, scalars);
  } catch (const std::exception& error) {
    if (!tensorboard_warned_) spdlog::warn("tensorboard/: {}; the run goes on without it", error.what());
    tensorboard_warned_ = true;
  }
}

void RunFiles::forget_metrics_after(std::int64_t step, const std::vector<EpochRecord>& epochs) {
  metrics_.keep_until(step, epochs);
  tensorboard_from_ = step + 1;
}

void RunFiles::write_history(const TrainingHistory& history, const std::string& title) {
  check();
  write_file_atomically(folder_ / "training_history.json", json_text(history, 2) + "\n");
  write_file_atomically(folder_ / "report.html", report_html(history, title));
}

void RunFiles::write_pt_model(const char* file, Model& model, const Snapshot& snapshot,
                              const ModelRecord& record) const {
  check();
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
