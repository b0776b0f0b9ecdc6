#include "engines/cpu/workspace.h"

#include <algorithm>

#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

NormState take_norm(Places& p, Index rows, Index width) {
  NormState n;
  n.sum = p.take(rows * width);
  n.mean = p.take(rows);
  n.rstd = p.take(rows);
  return n;
}

LayerState take_layer(Places& p, const Shape& s, Index batch, bool last) {
  const Index all = batch * s.context, rows = last ? batch : all, d = s.d_model;
  const Index probabilities = rows * s.heads * s.context;
  LayerState l;
  l.self_qkv = p.take(all * (last ? 2 : 3) * d);
  if (last) l.self_q = p.take(rows * d);
  l.self_p = p.take(probabilities);
  l.self_context = p.take(rows * d);
  l.norm1 = take_norm(p, rows, d);
  l.x1 = p.take(rows * d);
  l.cross_q = p.take(rows * d);
  l.cross_kv = p.take(all * 2 * d);
  l.cross_p = p.take(probabilities);
  l.cross_context = p.take(rows * d);
  l.norm2 = take_norm(p, rows, d);
  l.x2 = p.take(rows * d);
  l.hidden = p.take(rows * s.feedforward);
  l.norm3 = take_norm(p, rows, d);
  l.x3 = p.take(rows * d);
  return l;
}

void take_gradients(Places& p, const Shape& s, Index batch, Gradients& g) {
  const Index rows = batch * s.context, d = s.d_model;
  g.dx = p.take(rows * d);
  g.dx1 = p.take(rows * d);
  g.dx2 = p.take(rows * d);
  g.dmemory = p.take(rows * d);
  g.dbranch = p.take(rows * d);
  g.dhead = p.take(batch * d);
  g.dhead_norm = p.take(batch * d);
  g.dhidden = p.take(rows * s.feedforward);
  g.dcontext = p.take(rows * d);
  g.dself_qkv = p.take(rows * 3 * d);
  g.dself_q = p.take(batch * d);
  g.dcross_q = p.take(rows * d);
  g.dcross_kv = p.take(rows * 2 * d);
  // Per layer: three norms with a bias each (9d), attentions' inputs (6d), the first feed-forward bias.
  const Index chunks = std::max(chunks_of(rows, row_chunk), chunks_of(batch, item_chunk));
  const Index columns = s.layers * (15 * d + s.feedforward) + 4 * d + s.output;
  g.sums.use(p.take(chunks * columns), chunks * columns);
}

}  // namespace

void Workspace::place(Places& p, const Shape& s, Index batch, bool training) {
  const Index rows = batch * s.context, d = s.d_model;
  memory = p.take(rows * d);
  layers.assign(static_cast<std::size_t>(s.layers), LayerState{});
  for (Index i = 0; i < s.layers; ++i) {
    const bool last = i + 1 == s.layers;
    if (training || last || i == 0)
      layers[static_cast<std::size_t>(i)] = take_layer(p, s, batch, last);
    else
      layers[static_cast<std::size_t>(i)] = layers[0];
  }
  head.z = p.take(batch * d);
  head.norm = take_norm(p, batch, d);
  head.y = p.take(batch * d);
  raw = p.take(batch * s.output);
  if (training) take_gradients(p, s, batch, g);
}

void Workspace::reserve(const Shape& shape, Index batch, bool training) {
  if (batch <= batch_) return;
  Places count;
  place(count, shape, batch, training);
  memory_ = Memory();  // first returned, then taken
  memory_ = Memory(count.used());
  Places places(memory_.data());
  place(places, shape, batch, training);
  batch_ = batch;
}

}  // namespace runner::lvm::cpu
