#pragma once
// The recorded numbers in tests/fixtures/parity, or in RUNNER_PARITY_DIR. Sizes are read from the files.

#include <string>
#include <vector>

#include "base/json.h"
#include "models/model.h"
#include "models/state_dict.h"

namespace runner::lvm::parity {

std::string file(const std::string& name);  // its path
StateDict arrays(const std::string& name);  // every float array of an .npz, in file order
torch::Tensor array(const StateDict& all, const std::string& name);
const Json& trajectories();                 // trajectories.json
ModelSizes sizes(const std::string& type);  // as recorded: meta, and the shapes of init_<type>.npz

// A model with the weights of "init" or "final_…" file, without dropout.
std::shared_ptr<Model> model(const std::string& type, const std::string& weights);

}  // namespace runner::lvm::parity
