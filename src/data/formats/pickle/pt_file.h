#pragma once
// A model file as PyTorch saves it (torch.save: a zip of one pickle and its storages), read without executing
// anything: plain tensors and plain values.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace runner::data {

struct PtTensor {
  std::string name;                 // "transformer_decoder.layers.0.self_attn.in_proj_weight"
  std::string dtype;                // "float32", "float64", "float16", "bfloat16", "int64", …
  std::size_t item_size = 0;        // bytes an element
  std::vector<std::int64_t> shape;  // empty: a scalar
  std::string bytes;                // in C order, whatever the file's strides
};

struct PtFile {
  std::vector<PtTensor> tensors;  // of model_state_dict, in file order
  // Everything else at the top of the file that is made of plain values: epoch, model_type, model_config,
  // args, val_loss, val_cosine, … Tensors in it are left out; non-finite numbers and objects of unknown
  // classes become null.
  Json values = Json::object();
};

// Throws DataError. An unknown class in what is read (the weights, model_type, model_config) is refused by
// name; elsewhere it is left out. Memory stays within some 10 times the file's size and 16 MB. A file that is
// a bare state dict has tensors only.
PtFile read_pt_file(const std::filesystem::path& path);

}  // namespace runner::data
