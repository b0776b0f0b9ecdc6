#pragma once
// Inference over sequences that share beginnings, with caches of keys and values. Attention is causal: what a
// position of a sequence computes depends on those before it alone. So sequences over few items form a
// forest whose nodes, an item after a certain beginning, are computed once. What depends on an item and its
// position but not on the beginning (the projected input, the first layer's queries, keys and values, all
// keys and values of cross-attention) is computed once for both: each is linear in the item's vector plus a
// part of the position.

#include <vector>

#include "engines/cpu/network.h"
#include "engines/cpu/row_table.h"

namespace runner::lvm::cpu {

class PrefixDecoder final : public Network {
 public:
  // The shape's dropout is not used. features [context, input]: what each position adds to an item's vector,
  // such as a positional scalar; empty for nothing.
  PrefixDecoder(const Shape& shape, Precision precision, std::vector<float> features = {});

  // To be called before items are added; forgets those that were.
  void weights_changed() override;

  // Forgets all items and nodes.
  void clear();
  // Takes vectors [count, input] in; items are numbered on from 0.
  void add_items(const float* vectors, Index count);
  Index items() const { return items_.size(); }

  // Nodes of a position, not the last: an item after a node of the position before (at position 0 parents are
  // not read). Nodes are numbered on from 0, each position for itself.
  void add_nodes(Index position, const Index* items, const Index* parents, Index count);
  // raw [count, output] for nodes of the last position; they are not kept.
  void predict(const Index* items, const Index* parents, Index count, float* raw);

 private:
  // Of an item at a position, its row of `starts`: the input [d], the first layer's queries, keys and values
  // [3d], each layer's keys and values of cross-attention [2d]; without biases but the input's.
  struct PositionCache {
    RowTable starts;
    std::vector<Index> start_of;            // by item; -1: none yet
    std::vector<Index> node_start, parent;  // by node
    std::vector<RowTable> keys_values;      // self-attention's [nodes, 2d], by layer from the second on
  };
  // Some nodes of a position. By node and position up to its own: the node's number there and its row of
  // `starts`.
  struct Chunk {
    Index position = 0, count = 0;
    std::vector<Index> nodes;
    std::vector<const float*> starts;
  };

  bool is_last(Index position) const { return position + 1 == shape_.context; }
  PositionCache& cache(Index position) { return caches_[static_cast<std::size_t>(position)]; }
  Index start_width() const { return (4 + 2 * shape_.layers) * shape_.d_model; }
  void linear_parts(const float* vectors, Index count, float* rows, bool of_positions);
  void start_nodes(Index position, const Index* items, const Index* parents, Index count);
  Chunk chunk_of(Index position, Index first, Index count);
  // Computes the chunk's nodes; raw: what the last position's predict, else null.
  void run(const Chunk& chunk, float* raw);
  void project_self(const Chunk& chunk, Index layer, bool keys_only);
  std::vector<const float*> self_rows(const Chunk& chunk, Index layer);
  void attend(const Chunk& chunk, std::int64_t bias, const std::vector<const float*>& rows);

  std::vector<float> features_;
  RowTable items_, position_parts_;  // rows as those of `starts`, which are the sums of one of each
  std::vector<PositionCache> caches_;
  Memory memory_;  // of the rest, for one chunk
  LayerState s_;
  HeadState head_;
  float *x_ = nullptr, *q_ = nullptr,
        *context_ = nullptr;  // [chunk, d]: a layer's input, attention's in and out
  RowTable own_;              // keys and values of the last position
};

}  // namespace runner::lvm::cpu
