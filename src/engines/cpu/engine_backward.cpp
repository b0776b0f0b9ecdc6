// The engine's backward pass: engine_forward.cpp read from its end.
#include "engines/cpu/engine.h"

#include <algorithm>

#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {

void Engine::sum_columns(const Pass& pass, const float* y, Index columns, std::int64_t bias, Index rows) {
  float* partial = pass.w->g.sums.add(chunks_of(rows, row_chunk), columns, gradients_ + bias);
  run_chunks(rows, row_chunk, [&](Index i, Index begin, Index end) {
    k_->column_sums(y, columns, partial + i * columns, begin, end);
  });
}

// bias: offset of the branch's bias, used only with n.dbranch.
void Engine::run_norm_backward(Pass pass, NormBackward n, const NormAt& where, const NormState& state,
                               std::int64_t bias, Index rows) {
  const Index d = shape_.d_model;
  n.sum = state.sum;
  n.mean = state.mean;
  n.rstd = state.rstd;
  n.gamma = at(where.weight);
  n.columns = d;
  std::vector<PartialSums::Part> parts{{d, gradients_ + where.weight}, {d, gradients_ + where.bias}};
  if (n.dbranch) parts.push_back({d, gradients_ + bias});
  const auto width = static_cast<Index>(parts.size()) * d;
  float* partial = pass.w->g.sums.add(chunks_of(rows, row_chunk), parts);
  run_chunks(rows, row_chunk,
             [&](Index i, Index begin, Index end) { k_->norm_backward(n, partial + i * width, begin, end); });
}

// bias: offset of the stacked biases of queries, keys and values.
void Engine::run_attention_backward(const Pass& pass, const AttentionBackward& a, std::int64_t bias) {
  const Index d = shape_.d_model;
  float* partial = pass.w->g.sums.add(chunks_of(pass.batch, item_chunk), 3 * d, gradients_ + bias);
  run_chunks(pass.batch, item_chunk, [&](Index i, Index begin, Index end) {
    float* row = partial + i * 3 * d;
    k_->attention_backward(a, row, row + d, begin, end);
  });
}

void Engine::backward_head(const Pass& pass, const float* grad_raw) {
  Workspace& w = *pass.w;
  const Index d = shape_.d_model, batch = pass.batch;
  sum_columns(pass, grad_raw, shape_.output, layout_.head3.bias, batch);
  products_->backward(layout_.head3, {grad_raw, shape_.output, batch}, {w.head.y, d, batch},
                      {w.g.dhead_norm, d});
  NormBackward n;
  n.dout = w.g.dhead_norm;
  n.dsum = w.g.dhead;
  n.dsum_ld = d;
  run_norm_backward(pass, n, layout_.head2, w.head.norm, 0, batch);
  float* partial = w.g.sums.add(chunks_of(batch, row_chunk), d, gradients_ + layout_.head0.bias);
  run_chunks(batch, row_chunk, [&](Index i, Index begin, Index end) {
    k_->gelu_backward(w.g.dhead, w.head.z, d, partial + i * d, begin, end);
  });
  std::swap(w.g.dhead, w.g.dhead_norm);
  products_->backward(layout_.head0, {w.g.dhead_norm, d, batch}, {w.layers.back().x3, d, batch},
                      {w.g.dhead, d});
}

// From the gradient of the layer's output to that of x2, in dx2.
void Engine::backward_feedforward(const Pass& pass, Index layer, const float* dout) {
  const LayerState& s = pass.w->layers[static_cast<std::size_t>(layer)];
  const LayerAt& p = layout_.layers[static_cast<std::size_t>(layer)];
  Gradients& g = pass.w->g;
  const Index d = shape_.d_model, f = shape_.feedforward, n_rows = rows(pass, layer);

  NormBackward n;
  n.dout = dout;
  n.dsum = g.dx2;
  n.dsum_ld = d;
  n.dbranch = g.dbranch;
  n.dropout = dropout(pass, layer, feedforward_out);
  run_norm_backward(pass, n, p.norm3, s.norm3, p.linear2.bias, n_rows);
  products_->backward(p.linear2, {g.dbranch, d, n_rows}, {s.hidden, f, n_rows}, {g.dhidden, f});
  const float scale = dropout(pass, layer, feedforward_in).scale;
  float* partial = g.sums.add(chunks_of(n_rows, row_chunk), f, gradients_ + p.linear1.bias);
  run_chunks(n_rows, row_chunk, [&](Index i, Index begin, Index end) {
    k_->relu_backward(g.dhidden, s.hidden, f, scale, partial + i * f, begin, end);
  });
  products_->backward(p.linear1, {g.dhidden, f, n_rows}, {s.x2, d, n_rows}, {g.dx2, d, true});
}

// From dx2 to the gradient of x1, in dx1; adds the memory's part to dmemory.
void Engine::backward_cross(const Pass& pass, Index layer) {
  const LayerState& s = pass.w->layers[static_cast<std::size_t>(layer)];
  const LayerAt& p = layout_.layers[static_cast<std::size_t>(layer)];
  Gradients& g = pass.w->g;
  const Index d = shape_.d_model, n_rows = rows(pass, layer), all = pass.batch * shape_.context;

  NormBackward n;
  n.dout = g.dx2;
  n.dsum = g.dx1;
  n.dsum_ld = d;
  n.dbranch = g.dbranch;
  n.dropout = dropout(pass, layer, cross_out);
  run_norm_backward(pass, n, p.norm2, s.norm2, p.cross_out.bias, n_rows);
  products_->backward(p.cross_out, {g.dbranch, d, n_rows}, {s.cross_context, d, n_rows}, {g.dcontext, d});
  AttentionBackward a;
  a.shape = attention(pass, layer, cross_p);
  a.dout = g.dcontext;
  a.q = s.cross_q;
  a.k = s.cross_kv;
  a.v = s.cross_kv + d;
  a.probabilities = s.cross_p;
  a.dq = g.dcross_q;
  a.dk = g.dcross_kv;
  a.dv = g.dcross_kv + d;
  run_attention_backward(pass, a, p.cross_in.bias);
  products_->backward(p.cross_in.slice(0, d), {g.dcross_q, d, n_rows}, {s.x1, d, n_rows}, {g.dx1, d, true});
  products_->backward(p.cross_in.slice(d, 2 * d), {g.dcross_kv, 2 * d, all}, layer_input(pass, 0),
                      {g.dmemory, d, !is_last(layer)});
}

// From dx1 to the gradient of the layer's input, which is returned; the first layer's input is the memory, so
// that there it is added to dmemory.
float* Engine::backward_self(const Pass& pass, Index layer) {
  const LayerState& s = pass.w->layers[static_cast<std::size_t>(layer)];
  const LayerAt& p = layout_.layers[static_cast<std::size_t>(layer)];
  Gradients& g = pass.w->g;
  const Index d = shape_.d_model, n_rows = rows(pass, layer), all = pass.batch * shape_.context;
  const Index last_row = (shape_.context - 1) * d;
  const Rows x = layer_input(pass, layer);
  float* dx = layer == 0 ? g.dmemory : g.dx;
  if (is_last(layer) && layer != 0)
    run_chunks(all * d, 1 << 16, [&](Index, Index b, Index e) { std::fill(dx + b, dx + e, 0.0f); });

  NormBackward n;
  n.dout = g.dx1;
  n.dsum = is_last(layer) ? dx + last_row : dx;
  n.dsum_ld = is_last(layer) ? shape_.context * d : d;
  n.accumulate = layer == 0;
  n.dbranch = g.dbranch;
  n.dropout = dropout(pass, layer, self_out);
  run_norm_backward(pass, n, p.norm1, s.norm1, p.self_out.bias, n_rows);
  products_->backward(p.self_out, {g.dbranch, d, n_rows}, {s.self_context, d, n_rows}, {g.dcontext, d});
  AttentionBackward a;
  a.shape = attention(pass, layer, self_p);
  a.dout = g.dcontext;
  a.probabilities = s.self_p;
  a.q = is_last(layer) ? s.self_q : s.self_qkv;
  a.k = is_last(layer) ? s.self_qkv : s.self_qkv + d;
  a.v = a.k + d;
  a.dq = is_last(layer) ? g.dself_q : g.dself_qkv;
  a.dk = is_last(layer) ? g.dself_qkv : g.dself_qkv + d;
  a.dv = a.dk + d;
  run_attention_backward(pass, a, p.self_in.bias);
  if (is_last(layer)) {
    products_->backward(p.self_in.slice(0, d), {g.dself_q, d, n_rows},
                        {x.data + last_row, shape_.context * d, n_rows},
                        {dx + last_row, shape_.context * d, true});
    products_->backward(p.self_in.slice(d, 2 * d), {g.dself_qkv, 2 * d, all}, x, {dx, d, true});
  } else {
    products_->backward(p.self_in, {g.dself_qkv, 3 * d, all}, x, {dx, d, true});
  }
  return dx;
}

}  // namespace runner::lvm::cpu
