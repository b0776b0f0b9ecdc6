#pragma once
// How a model's sizes are written in .pt files and config.json, and read back.

#include <string>

#include "base/json.h"
#include "models/model_options.h"

namespace runner::lvm {

// The `model_config` of a .pt file and of config.json: the old Python tools' keys for this type, then ours
// (feedforward when it is not 4 * d_model, residual, residual_next, positional_scalar) where they are used.
Json model_config(const ModelSizes& sizes);
// The reverse, for our folders and for old .pt files. Throws DataError with `place` on a missing or odd key.
ModelSizes sizes_from_config(const std::string& type, const Json& model_config, const std::string& place);

}  // namespace runner::lvm
