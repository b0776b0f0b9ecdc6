#pragma once
// Transformer predictions on the CPU where sequences with the same beginning share its computation
// (engines/cpu/prefix_decoder.h). 5CAT's damaged and rolled-out contexts need less than half the work this
// way.

#include <unordered_map>
#include <vector>

#include "engines/cpu/prefix_decoder.h"
#include "five_cat/predictor.h"
#include "models/transformer.h"

namespace runner::lvm::five_cat {

class Forest final : public Predictor {
 public:
  explicit Forest(std::shared_ptr<Transformer> model);

  torch::Tensor predict(const torch::Tensor& sequences) override;
  void clear() override;

 private:
  using Numbers = std::vector<std::int64_t>;

  // Makes a decoder for sequences of this length, and gives it the items that it does not know.
  void prepare(std::int64_t length);
  // Numbers of the nodes (parents[i], items[i]) of a position; computes those that are new. sequences [N, T]:
  // row i is the one that node i is for.
  Numbers extend(std::int64_t position, const Numbers& parents, const Numbers& items,
                 const torch::Tensor& sequences);
  // What the model's residual adds to the outputs of these sequences: [N, D].
  torch::Tensor residual_base(const torch::Tensor& sequences) const;

  std::shared_ptr<Transformer> transformer_;
  std::unique_ptr<cpu::PrefixDecoder> decoder_;
  std::vector<std::unordered_map<std::uint64_t, std::int64_t>>
      nodes_;                  // by position: (parent, item) -> number
  torch::Tensor predictions_;  // [nodes of the last position, D]
};

}  // namespace runner::lvm::five_cat
