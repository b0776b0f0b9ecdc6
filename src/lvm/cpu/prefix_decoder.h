#pragma once
// Inference over sequences that share beginnings, with caches of keys and values. Attention is causal: what a
// place of a sequence computes depends on the places before it alone. So sequences over few items form a
// forest whose nodes, an item after a certain beginning, are computed once. What depends on an item and its
// place but not on the beginning (the projected input, the first layer's queries, keys and values, all keys
// and values of cross-attention) is computed once for both: each is linear in the item's vector plus a part
// of the place.

#include <vector>

#include "lvm/cpu/network.h"

namespace runner::lvm::cpu {

// Rows of `width` floats, numbered as they are appended. Appending may move those that are there.
class RowTable {
 public:
  explicit RowTable(Index width = 0) : width_(width) {}
  float* append(Index rows);  // the first of them
  float* row(Index i) const { return static_cast<float*>(memory_.data()) + i * width_; }
  Index size() const { return size_; }
  Index width() const { return width_; }
  void clear() { size_ = 0; }

 private:
  Memory memory_;
  Index width_ = 0, size_ = 0;
};

class PrefixDecoder final : public Network {
 public:
  // Dropout of the shape is not used. features [context, input]: what each place adds to an item's vector,
  // such as a positional scalar; empty for nothing.
  PrefixDecoder(const Shape& shape, Precision precision, std::vector<float> features = {});

  void weights_changed() override;

  // Forgets all items and nodes.
  void clear();
  // Takes vectors [count, input] in; items are numbered on from 0.
  void add_items(const float* vectors, Index count);
  Index items() const { return items_.size(); }

  // Nodes of a place, not the last: an item after a node of the place before (at place 0 parents are not
  // read). Nodes are numbered on from 0, each place for itself.
  void add_nodes(Index place, const Index* items, const Index* parents, Index count);
  // raw [count, output] for nodes of the last place; they are not kept.
  void predict(const Index* items, const Index* parents, Index count, float* raw);

 private:
  // Of an item at a place, its row of `starts`: the input [d], the first layer's queries, keys and values
  // [3d], each layer's keys and values of cross-attention [2d]; without biases but the input's.
  struct Place {
    RowTable starts;
    std::vector<Index> start_of;            // by item; -1: none yet
    std::vector<Index> node_start, parent;  // by node
    std::vector<RowTable> keys_values;      // self-attention's [nodes, 2d], by layer from the second on
  };
  // Some nodes of a place. By node and place up to its own: the node's number there and its row of `starts`.
  struct Chunk {
    Index place = 0, first = 0, count = 0;
    std::vector<Index> nodes;
    std::vector<const float*> starts;
  };

  bool is_last(Index place) const { return place + 1 == shape_.context; }
  Place& at_place(Index i) { return places_[static_cast<std::size_t>(i)]; }
  void linear_parts(const float* vectors, Index count, float* rows, bool of_places);
  void start_nodes(Index place, const Index* items, const Index* parents, Index count);
  Chunk chunk_of(Index place, Index first, Index count);
  // Computes the chunk's nodes; raw: what the last place's predict, else null.
  void run(const Chunk& chunk, float* raw);
  void project_self(const Chunk& chunk, Index layer, bool keys_only);
  std::vector<const float*> self_rows(const Chunk& chunk, Index layer);
  void attend(const Chunk& chunk, std::int64_t bias, const std::vector<const float*>& rows);

  std::vector<float> features_;
  RowTable items_, place_parts_;  // rows as those of `starts`, which are the sums of one of each
  std::vector<Place> places_;
  Memory memory_;  // of the rest, for one chunk
  LayerState s_;
  HeadState head_;
  float *x_ = nullptr, *q_ = nullptr,
        *context_ = nullptr;  // [chunk, d]: a layer's input, attention's in and out
  RowTable own_;              // keys and values of the last place
};

}  // namespace runner::lvm::cpu
