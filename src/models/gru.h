#pragma once
// The GRU stack of docs/lvm.md: projection, blocks of norm(x + gru(x)), the last step, a projection.

#include <memory>
#include <vector>

#include "models/init.h"
#include "models/model.h"

namespace runner::lvm {

class Gru final : public Model {
 public:
  Gru(const ModelSizes& sizes, Generator generator);
  Prediction forward(const torch::Tensor& contexts) override;

 private:
  struct Block : torch::nn::Module {
    Block(std::int64_t width, Generator generator);
    std::shared_ptr<Recurrent> gru;
    std::shared_ptr<Norm> norm;
  };
  std::shared_ptr<Linear> input_proj_, output_proj_;
  std::vector<std::shared_ptr<Block>> blocks_;
};

}  // namespace runner::lvm
