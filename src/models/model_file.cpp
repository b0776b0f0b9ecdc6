#include "models/model_file.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "data/formats/pickle/pt_file.h"
#include "models/files/safetensors.h"
#include "models/model_config.h"
#include "models/state_dict.h"

namespace runner::lvm {

namespace {

ModelSizes sizes_of(const Json& values, const std::string& place) {
  for (const char* key : {"model_type", "model_config"})
    if (!values.contains(key))
      throw DataError(
          std::string(key) + " is missing: the file does not tell what model its weights belong to", place);
  if (!values.at("model_type").is_string()) throw DataError("model_type is not a text", place);
  return sizes_from_config(values.at("model_type").get<std::string>(), values.at("model_config"), place);
}

torch::Dtype dtype_of(const data::PtTensor& t, const std::string& place) {
  if (t.dtype == "float32") return torch::kFloat32;
  if (t.dtype == "float64") return torch::kFloat64;
  if (t.dtype == "float16") return torch::kFloat16;
  if (t.dtype == "bfloat16") return torch::kBFloat16;
  throw DataError("weight " + t.name + " is of type " + t.dtype + "; expected a floating type", place);
}

torch::Tensor to_float32(const torch::Tensor& tensor, const std::string& name, const std::string& place) {
  auto narrow = tensor.to(torch::kFloat32);
  if (tensor.dtype() == torch::kFloat64 &&
      (torch::isinf(narrow) & torch::isfinite(tensor)).any().item<bool>())
    throw DataError(name + " holds a float64 that does not fit float32, which ends at 3.4e38", place);
  return narrow;
}

// DistributedDataParallel and torch.compile put their own name before each weight's.
void strip_wrappers(StateDict& weights) {
  for (const std::string prefix : {"module.", "_orig_mod.", "module."}) {
    const bool all = !weights.empty() && std::all_of(weights.begin(), weights.end(), [&](const auto& weight) {
      return weight.first.starts_with(prefix);
    });
    if (!all) continue;
    for (auto& weight : weights) weight.first.erase(0, prefix.size());
  }
}

ModelFile read_pt(const std::filesystem::path& path) {
  auto file = data::read_pt_file(path);
  ModelFile out;
  out.path = path;
  out.values = std::move(file.values);
  out.sizes = sizes_of(out.values, path.string());
  for (const auto& t : file.tensors) {
    auto tensor = torch::empty(t.shape, dtype_of(t, path.string()));
    if (tensor.nbytes() != t.bytes.size())
      throw DataError("weight " + t.name + " is cut short", path.string());
    std::memcpy(tensor.data_ptr(), t.bytes.data(), t.bytes.size());
    out.weights.emplace_back(t.name, to_float32(tensor, t.name, path.string()));
  }
  strip_wrappers(out.weights);
  return out;
}

Json read_json(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    throw DataError("cannot be read; expected a run's folder with config.json and model.safetensors",
                    path.string());
  return read_json_file(path);
}

// `config` beside it tells what it is: its own header has no more than names and shapes.
ModelFile read_safetensors_model(const std::filesystem::path& path, const std::filesystem::path& config) {
  if (!std::filesystem::exists(config))
    throw DataError("has weights alone: config.json with model_type and model_config is expected beside it",
                    path.string());
  ModelFile out;
  out.path = path;
  out.values = read_json(config);
  out.sizes = sizes_of(out.values, config.string());
  for (auto& a : read_safetensors(path))
    out.weights.emplace_back(a.name, torch::from_blob(a.values.data(), a.shape, torch::kFloat32).clone());
  strip_wrappers(out.weights);
  return out;
}

ModelFile read_folder(const std::filesystem::path& folder) {
  const auto config = folder / "config.json";
  if (!std::filesystem::exists(config) && std::filesystem::exists(folder / "best_model.pt"))
    return read_pt(folder / "best_model.pt");  // a folder of the old trainer
  if (!std::filesystem::exists(folder / "model.safetensors"))
    throw DataError(
        "is no run's folder: model.safetensors with config.json, or best_model.pt, is expected in it",
        folder.string());
  return read_safetensors_model(folder / "model.safetensors", config);
}

// What to set so that a model of `own` sizes becomes one of the file's; "" when they are the same.
std::string way_to(const ModelSizes& file, const ModelSizes& own) {
  std::string text;
  const auto set = [&](const char* key, const std::string& value) {
    text += std::string(" --set model.") + key + "=" + value;
  };
  const auto size = [&](const char* key, std::int64_t theirs, std::int64_t ours) {
    if (theirs != ours) set(key, std::to_string(theirs));
  };
  if (file.type != own.type) set("type", to_word(file.type));
  size("d_model", file.d_model, own.d_model);
  size("heads", file.heads, own.heads);
  size("layers", file.layers, own.layers);
  size("feedforward", file.feedforward, own.feedforward);
  size("hidden", file.hidden, own.hidden);
  if (file.residual != own.residual) set("residual", to_word(file.residual));
  if (file.residual_next != own.residual_next) set("residual_next", file.residual_next ? "true" : "false");
  if ((file.positional_scalar != 0) != (own.positional_scalar != 0))
    set("positional_scalar", json_text(file.positional_scalar));
  if (!text.empty()) text = "\nto fit the file:" + text;
  if (file.width != own.width)
    text += "\nthe file is for vectors of width " + std::to_string(file.width) + ", the data's are " +
            std::to_string(own.width) + " wide";
  return text;
}

}  // namespace

ModelFile read_model_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    throw DataError("no such model; expected a run's folder, a .pt or a .safetensors file", path.string());
  if (std::filesystem::is_directory(status)) return read_folder(path);
  if (path.extension() == ".safetensors")
    return read_safetensors_model(path, path.parent_path() / "config.json");
  return read_pt(path);
}

namespace {

void check_finite(const ModelFile& file, const std::string& place) {
  for (const auto& [name, values] : file.weights)
    if (!torch::isfinite(values).all().item<bool>())
      throw DataError(name + " holds NaN or Inf: these weights are of no use", place);
}

}  // namespace

std::shared_ptr<Model> load_model(const ModelFile& file) {
  check_finite(file, file.path.string());
  auto model = make_model(file.sizes, std::uint64_t{0});
  load_state_dict(*model, file.weights, file.path.string());
  model->eval();
  return model;
}

void load_weights(Model& model, const ModelFile& file, const std::string& place) {
  const ModelSizes& own = model.sizes();
  if (file.sizes.type != own.type)
    throw UsageError(
        "holds a " + to_word(file.sizes.type) + ", the configuration wants a " + to_word(own.type), place);
  if (file.sizes.heads != own.heads && file.sizes.d_model == own.d_model)
    throw UsageError("has " + std::to_string(file.sizes.heads) + " heads, the configuration " +
                         std::to_string(own.heads) + way_to(file.sizes, own),
                     place);
  if (file.sizes.residual != own.residual)
    throw UsageError("predicts with residual: " + to_word(file.sizes.residual) + ", the configuration with " +
                         to_word(own.residual) + way_to(file.sizes, own),
                     place);
  check_finite(file, place);
  try {
    load_state_dict(model, file.weights, place);
  } catch (const DataError& error) {
    const std::string way = way_to(file.sizes, model.sizes());
    if (way.empty()) throw;
    throw UsageError(error.what() + way, place);
  }
}

}  // namespace runner::lvm
