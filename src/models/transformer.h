#pragma once
// The transformer of docs/lvm.md: a PyTorch TransformerDecoder (post-norm, ReLU, no final norm) whose memory
// is its own projected input, with causal masks, and a head on the last position.
//
// Only the last position feeds the head, so the last layer computes that row alone: the function is the same.

#include <memory>
#include <vector>

#include "models/init.h"
#include "models/model.h"

namespace runner::lvm {

// Attention under nn.MultiheadAttention's names.
struct Attention : torch::nn::Module {
  Attention(std::int64_t width, std::int64_t heads, double dropout, Generator generator);

  // queries [B, Q, E] over memory [B, T, E]; mask [T, T] to add to the scores, or undefined for no mask.
  torch::Tensor forward(const torch::Tensor& queries, const torch::Tensor& memory, const torch::Tensor& mask,
                        const Compute& compute) const;

  std::int64_t heads;
  double dropout;
  torch::Tensor in_proj_weight, in_proj_bias;  // [3E, E], [3E]: queries, keys, values
  std::shared_ptr<Linear> out_proj;
};

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
