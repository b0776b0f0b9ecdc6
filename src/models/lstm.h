#pragma once
// The LSTM of docs/lvm.md: stacked layers with dropout between them, the last step, a projection.

#include <memory>

#include "models/init.h"
#include "models/model.h"

namespace runner::lvm {

class Lstm final : public Model {
 public:
  Lstm(const ModelSizes& sizes, Generator generator);
  Prediction forward(const torch::Tensor& contexts) override;

 private:
  std::shared_ptr<Recurrent> lstm_;
  std::shared_ptr<Linear> output_proj_;
};

}  // namespace runner::lvm
