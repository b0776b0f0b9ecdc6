#pragma once
// best_model.pt and final_model.pt: what the old Python tools read, and torch.load with its safe default
// (weights_only=True) of PyTorch 1.13 and later. A zip of one pickle and the tensors' bytes.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"

namespace runner::lvm {

struct NamedArray {
  std::string name;
  std::vector<std::int64_t> shape;
  const float* values;
  std::int64_t count() const {
    std::int64_t n = 1;
    for (const std::int64_t d : shape) n *= d;
    return n;
  }
  std::shared_ptr<const void> owner = {};  // of the values, where they are a copy
};

struct PtContents {
  std::int64_t epoch = 0;  // from 1
  std::string model_type;
  Json model_config, args;  // objects of plain values
  double val_loss = 0, val_cosine = 0;
  std::vector<NamedArray> state;  // model_state_dict, in order
  // AdamW's state, by parameter in order; empty: no optimizer_state_dict entries.
  std::vector<NamedArray> exp_avg, exp_avg_sq;
  std::int64_t updates = 0;
  Json optimizer = Json::object();  // lr, betas, eps, weight_decay
};

// Atomically. Throws RunError.
void write_pt(const std::filesystem::path& path, const PtContents& contents);

}  // namespace runner::lvm
