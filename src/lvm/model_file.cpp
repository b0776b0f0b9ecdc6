#include "lvm/model_file.h"

#include <cstring>
#include <fstream>

#include "base/error.h"
#include "data/pt_file.h"
#include "lvm/training/safetensors.h"

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
    out.weights.emplace_back(t.name, tensor.to(torch::kFloat32));
  }
  return out;
}

Json read_json(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in)
    throw DataError("cannot be read; expected a run's folder with config.json and model.safetensors",
                    path.string());
  auto json = Json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) throw DataError("is not a JSON object", path.string());
  return json;
}

ModelFile read_folder(const std::filesystem::path& folder) {
  const auto config = folder / "config.json";
  ModelFile out;
  out.path = folder / "model.safetensors";
  if (!std::filesystem::exists(config) && std::filesystem::exists(folder / "best_model.pt"))
    return read_pt(folder / "best_model.pt");  // a folder of the old trainer
  out.values = read_json(config);
  out.sizes = sizes_of(out.values, config.string());
  for (auto& a : read_safetensors(out.path))
    out.weights.emplace_back(a.name, torch::from_blob(a.values.data(), a.shape, torch::kFloat32).clone());
  return out;
}

}  // namespace

ModelFile read_model_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    throw DataError("no such model; expected a run's folder or a .pt file", path.string());
  return std::filesystem::is_directory(status) ? read_folder(path) : read_pt(path);
}

std::shared_ptr<Model> load_model(const ModelFile& file) {
  auto model = make_model(file.sizes, std::uint64_t{0});
  load_state_dict(*model, file.weights, file.path.string());
  model->eval();
  return model;
}

}  // namespace runner::lvm
