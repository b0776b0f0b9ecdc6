#pragma once
// The attention mixture network of docs/lvm.md: the mean of the contexts plus a learnt residual.

#include <memory>

#include "models/init.h"
#include "models/model.h"

namespace runner::lvm {

class Amn final : public Model {
 public:
  Amn(const ModelSizes& sizes, Generator generator);
  Prediction forward(const torch::Tensor& contexts) override;

 private:
  std::shared_ptr<Linear> context_encoder_, query_encoder_, net0_, net3_, net6_;
  std::shared_ptr<Norm> net2_, net5_;
};

}  // namespace runner::lvm
