#pragma once
// Transformer predictions where sequences with the same beginning share its computation. Attention is causal,
// so what a position computes depends on the positions before it alone: sequences form a forest, and each
// node (an item after a certain beginning) is computed once. 5CAT's damaged and rolled-out contexts need half
// the work this way.

#include <unordered_map>
#include <vector>

#include "lvm/cat/predictor.h"
#include "lvm/transformer.h"

namespace runner::lvm::cat {

class Forest final : public Predictor {
 public:
  // `transformer` is the model itself.
  Forest(std::shared_ptr<Model> model, const Transformer& transformer, torch::Device device);

  torch::Tensor predict(const torch::Tensor& sequences) override;
  void clear() override;

 private:
  // All nodes of one position.
  struct Level {
    std::unordered_map<std::uint64_t, std::int64_t> numbers;  // (parent's number, item) -> number
    std::vector<std::vector<std::int64_t>> ancestors;         // by position before: the ancestor of each node
    // By layer, [nodes, 2E]: keys and values that later positions attend to. Of the last position: none.
    std::vector<torch::Tensor> self_keys_values, memory_keys_values;
    torch::Tensor predictions;  // [nodes, D] on the CPU; of the last position only
  };

  // Numbers of the nodes (parents[i], items[i]) of position t; computes those that are new.
  std::vector<std::int64_t> extend(std::int64_t t, std::int64_t length,
                                   const std::vector<std::int64_t>& parents,
                                   const std::vector<std::int64_t>& items);
  // Computes nodes from the vectors [M, D] and the ancestors' nodes [M] by position.
  void compute(std::int64_t t, std::int64_t length, torch::Tensor vectors,
               const std::vector<torch::Tensor>& ancestors);
  // Attention of one position over itself and its ancestors; `keys_values` is which of Level's lists.
  torch::Tensor attend(const Attention& attention, const torch::Tensor& queries, const torch::Tensor& own,
                       std::vector<torch::Tensor> Level::*keys_values, std::size_t layer,
                       const std::vector<torch::Tensor>& ancestors);
  torch::Tensor project(const Attention& attention, const torch::Tensor& x, std::int64_t first,
                        std::int64_t count);
  torch::Tensor apply(const torch::Tensor& weight, const torch::Tensor& bias, const torch::Tensor& x);

  const Transformer& transformer_;
  std::vector<Level> levels_;
  std::unordered_map<const void*, torch::Tensor> ready_weights_;  // in bfloat16, by where they lie
};

}  // namespace runner::lvm::cat
