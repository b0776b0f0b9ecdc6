#pragma once
// A trained model from disk: one of our run folders (config.json + model.safetensors), a .safetensors file
// with its config.json beside it, or a .pt file of the old Python trainer or of ours, through the restricted
// reader. Weights may be of any floating type, and named by DistributedDataParallel (module.…) or
// torch.compile.

#include <filesystem>
#include <memory>
#include <string>

#include "base/json.h"
#include "models/model.h"
#include "models/state_dict.h"

namespace runner::lvm {

struct ModelFile {
  std::filesystem::path path;  // the file with the weights
  ModelSizes sizes;
  StateDict weights;
  Json values;  // all else the file tells: epoch, val_cosine, …
};

// `path`: a folder, a .safetensors or a .pt file. Throws DataError when the file is damaged or lacks
// model_type or model_config.
ModelFile read_model_file(const std::filesystem::path& path);

// The model itself, in evaluation mode, on the CPU. Throws DataError when weights are NaN or Inf.
std::shared_ptr<Model> load_model(const ModelFile& file);

// The file's weights into a model of the configuration's sizes. Throws UsageError with `place` when the model
// is of another type, sizes, residual or number of heads (which no shape shows), naming the keys that would
// fit it; DataError when the file contradicts itself or holds NaN or Inf.
void load_weights(Model& model, const ModelFile& file, const std::string& place);

}  // namespace runner::lvm
