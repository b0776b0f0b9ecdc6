#pragma once
// The transformer of docs/lvm.md: a PyTorch TransformerDecoder (post-norm, ReLU, no final norm) whose memory
// is its own projected input, with causal masks, and a head on the last position.
//
// Only the last position feeds the head, so the last layer computes that row alone: the function is the same.

#include <memory>
#include <vector>

#include "models/attention.h"
#include "models/init.h"
#include "models/model.h"

namespace runner::lvm {

struct DecoderLayer : torch::nn::Module {
  DecoderLayer(const ModelSizes& sizes, Generator generator);
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& memory, const torch::Tensor& mask,
                        bool last_row_only, const Compute& compute) const;

  double dropout;
  std::shared_ptr<Attention> self_attn, multihead_attn;
  std::shared_ptr<Linear> linear1, linear2;
  std::shared_ptr<Norm> norm1, norm2, norm3;
};

class Transformer final : public Model {
 public:
  // Positions in the table `pos_encoder.pe`: the longest context.
  static constexpr std::int64_t max_context = 100;

  Transformer(const ModelSizes& sizes, Generator generator);
  Prediction forward(const torch::Tensor& contexts) override;

  torch::Tensor position_table;  // [1, 100, E]

 private:
  torch::Tensor causal_mask(std::int64_t steps, const torch::Device& device);

  std::shared_ptr<Linear> input_proj_, head0_, head3_;
  std::vector<std::shared_ptr<DecoderLayer>> layers_;
  std::shared_ptr<Norm> head2_;
  torch::Tensor mask_;
};

}  // namespace runner::lvm
