#include "engines/cpu/prefix_decoder.h"

#include <algorithm>

#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index chunk_rows = 1024;  // nodes at once: enough for products, few enough for the caches
constexpr Index padding = 16;       // floats: rows at whole pages compete for the same places of a cache

template <class F>
void in_chunks(Index count, const F& f) {
  for (Index first = 0; first < count; first += chunk_rows) f(first, std::min(chunk_rows, count - first));
}

}  // namespace

PrefixDecoder::PrefixDecoder(const Shape& shape, Precision precision, std::vector<float> features)
    : Network(shape, precision, 1), features_(std::move(features)) {
  const Index d = shape.d_model;
  features_.resize(static_cast<std::size_t>(shape.context * shape.input));
  items_ = RowTable(start_width() + padding);
  position_parts_ = RowTable(start_width() + padding);
  own_ = RowTable(2 * d + padding);
  caches_.resize(static_cast<std::size_t>(shape.context));
  for (PositionCache& p : caches_) {
    p.starts = RowTable(start_width() + padding);
    for (Index layer = 1; layer < shape.layers; ++layer) p.keys_values.emplace_back(2 * d + padding);
  }
  const auto take = [&](Places places) {
    const auto rows = [&](Index width) { return places.take(chunk_rows * width); };
    x_ = rows(d), q_ = rows(d), context_ = rows(d);
    s_.x1 = rows(d), s_.x2 = rows(d), s_.x3 = rows(d), s_.hidden = rows(shape.feedforward);
    s_.norm1 = s_.norm2 = s_.norm3 = {rows(d), rows(1), rows(1)};
    head_ = {rows(d), s_.norm1, rows(d)};
    return places.used();
  };
  memory_ = Memory(take(Places()));
  take(Places(memory_.data()));
}

void PrefixDecoder::weights_changed() {
  Network::weights_changed();
  clear();
  position_parts_.clear();
  linear_parts(features_.data(), shape_.context, position_parts_.append(shape_.context), true);
}

void PrefixDecoder::clear() {
  items_.clear();
  for (PositionCache& p : caches_) {
    p.starts.clear();
    p.start_of.clear();
    p.node_start.clear();
    p.parent.clear();
    for (RowTable& table : p.keys_values) table.clear();
  }
}

void PrefixDecoder::add_items(const float* vectors, Index count) {
  if (count > 0) linear_parts(vectors, count, items_.append(count), false);
}

void PrefixDecoder::linear_parts(const float* vectors, Index count, float* rows, bool of_positions) {
  const Index d = shape_.d_model, ld = items_.width();
  products_->forward(layout_.input, {vectors, shape_.input, count}, {rows, ld});
  if (of_positions)
    for (Index i = 0; i < count; ++i)
      k_->add_bias_table(rows + i * ld, d, at(layout_.input.bias), positions() + i * d, 1, 0, 1);
  const Rows input{rows, ld, count};
  products_->forward(layout_.layers[0].self_in, input, {rows + d, ld});
  for (Index layer = 0; layer < shape_.layers; ++layer)
    products_->forward(layout_.layers[static_cast<std::size_t>(layer)].cross_in.slice(d, 2 * d), input,
                       {rows + (4 + 2 * layer) * d, ld});
}

void PrefixDecoder::add_nodes(Index position, const Index* items, const Index* parents, Index count) {
  const auto first = static_cast<Index>(cache(position).node_start.size());
  start_nodes(position, items, parents, count);
  in_chunks(count, [&](Index from, Index n) { run(chunk_of(position, first + from, n), nullptr); });
}

void PrefixDecoder::predict(const Index* items, const Index* parents, Index count, float* raw) {
  const Index last = shape_.context - 1;
  start_nodes(last, items, parents, count);
  in_chunks(count, [&](Index from, Index n) { run(chunk_of(last, from, n), raw + from * shape_.output); });
  cache(last).node_start.clear();
  cache(last).parent.clear();
}

void PrefixDecoder::start_nodes(Index position, const Index* items, const Index* parents, Index count) {
  PositionCache& p = cache(position);
  p.start_of.resize(static_cast<std::size_t>(items_.size()), -1);
  std::vector<Index> fresh;
  for (Index i = 0; i < count; ++i) {
    Index& start = p.start_of[static_cast<std::size_t>(items[i])];
    if (start < 0) {
      start = p.starts.size() + static_cast<Index>(fresh.size());
      fresh.push_back(items[i]);
    }
    p.node_start.push_back(start);
    p.parent.push_back(position == 0 ? 0 : parents[i]);
  }
  const auto rows = static_cast<Index>(fresh.size()), ld = p.starts.width();
  float* to = p.starts.append(rows);
  run_chunks(rows, row_chunk, [&](Index, Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      std::copy_n(items_.row(fresh[static_cast<std::size_t>(i)]), start_width(), to + i * ld);
      k_->add_bias(to + i * ld, start_width(), position_parts_.row(position), 0, 1);
    }
  });
}

PrefixDecoder::Chunk PrefixDecoder::chunk_of(Index position, Index first, Index count) {
  Chunk c{position, count, {}, {}};
  const Index seen = position + 1;
  c.nodes.resize(static_cast<std::size_t>(count * seen));
  c.starts.resize(static_cast<std::size_t>(count * seen));
  for (Index i = 0; i < count; ++i) {
    Index node = first + i;
    for (Index s = position; s >= 0; --s) {
      const PositionCache& p = cache(s);
      const auto at = static_cast<std::size_t>(i * seen + s), number = static_cast<std::size_t>(node);
      c.nodes[at] = node;
      c.starts[at] = p.starts.row(p.node_start[number]);
      node = p.parent[number];
    }
  }
  return c;
}

void PrefixDecoder::run(const Chunk& c, float* raw) {
  const Index d = shape_.d_model, seen = c.position + 1;
  run_chunks(c.count, row_chunk, [&](Index, Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const float* start = c.starts[static_cast<std::size_t>(i * seen + c.position)];
      std::copy_n(start, d, x_ + i * d);
      std::copy_n(start + d, d, q_ + i * d);
    }
  });
  for (Index layer = 0; layer < shape_.layers; ++layer) {
    const LayerAt& p = layout_.layers[static_cast<std::size_t>(layer)];
    const bool keys_only = layer + 1 == shape_.layers && !raw;  // nobody reads these nodes' output
    if (layer > 0) project_self(c, layer, keys_only);
    if (keys_only) return;
    attend(c, p.self_in.bias, self_rows(c, layer));
    add_and_norm({x_, d}, p.self_out, {context_, d, c.count}, {}, p.norm1, s_.norm1, s_.x1);
    products_->forward(p.cross_in.slice(0, d), {s_.x1, d, c.count}, {q_, d});
    std::vector<const float*> memory = c.starts;
    for (const float*& row : memory) row += (4 + 2 * layer) * d;
    attend(c, p.cross_in.bias, memory);
    add_and_norm({s_.x1, d}, p.cross_out, {context_, d, c.count}, {}, p.norm2, s_.norm2, s_.x2);
    feedforward(p, s_, c.count, {}, {});
    std::swap(x_, s_.x3);
  }
  head(x_, head_, c.count, raw);
}

// The first layer's are part of `starts`.
void PrefixDecoder::project_self(const Chunk& c, Index layer, bool keys_only) {
  const Index d = shape_.d_model;
  const LinearAt& in = layout_.layers[static_cast<std::size_t>(layer)].self_in;
  RowTable& own =
      is_last(c.position) ? own_ : cache(c.position).keys_values[static_cast<std::size_t>(layer - 1)];
  if (is_last(c.position)) own.clear();
  const Rows x{x_, d, c.count};
  products_->forward(in.slice(d, 2 * d), x, {own.append(c.count), own.width()});
  if (!keys_only) products_->forward(in.slice(0, d), x, {q_, d});
}

std::vector<const float*> PrefixDecoder::self_rows(const Chunk& c, Index layer) {
  std::vector<const float*> rows = c.starts;
  const Index seen = c.position + 1;
  for (std::size_t at = 0; at < rows.size(); ++at) {
    const auto i = static_cast<Index>(at);
    if (layer == 0)
      rows[at] += 2 * shape_.d_model;
    else if (const Index s = i % seen; is_last(s))
      rows[at] = own_.row(i / seen);
    else
      rows[at] = cache(s).keys_values[static_cast<std::size_t>(layer - 1)].row(c.nodes[at]);
  }
  return rows;
}

// From q_ to context_, over rows of keys and values [count, position + 1]. A bias of keys changes no
// softmax; that of values is added to their mean.
void PrefixDecoder::attend(const Chunk& c, std::int64_t bias, const std::vector<const float*>& rows) {
  AttentionCached a;
  a.heads = shape_.heads;
  a.head_dim = shape_.d_model / shape_.heads;
  a.keys = c.position + 1;
  a.q = q_;
  a.q_bias = at(bias);
  a.v_bias = at(bias) + 2 * shape_.d_model;
  a.rows = rows.data();
  a.out = context_;
  run_chunks(c.count, row_chunk, [&](Index, Index begin, Index end) { k_->attention_cached(a, begin, end); });
}

}  // namespace runner::lvm::cpu
