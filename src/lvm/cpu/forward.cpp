// The engine's forward pass.

#include "lvm/cpu/engine.h"
#include "lvm/cpu/parallel.h"

namespace runner::lvm::cpu {

void Engine::run_attention(const AttentionForward& a, Index batch) {
  parallel_chunks(batch, item_chunk,
                  [&](Index, Index begin, Index end) { k_->attention_forward(a, begin, end); });
}

void Engine::run_norm(const NormForward& n, Index rows) {
  parallel_chunks(rows, row_chunk, [&](Index, Index begin, Index end) { k_->norm_forward(n, begin, end); });
}

NormForward Engine::norm(const NormAt& where, const NormState& state, float* out) const {
  NormForward n;
  n.sum = state.sum;
  n.gamma = at(where.weight);
  n.beta = at(where.bias);
  n.out = out;
  n.mean = state.mean;
  n.rstd = state.rstd;
  n.columns = shape_.d_model;
  n.eps = static_cast<float>(shape_.norm_eps);
  return n;
}

void Engine::forward_pass(const Pass& pass) {
  forward_input(pass);
  for (Index layer = 0; layer < shape_.layers; ++layer) {
    forward_self(pass, layer);
    forward_cross(pass, layer);
    forward_feedforward(pass, layer);
  }
  forward_head(pass);
}

void Engine::forward_input(const Pass& pass) {
  const Index all = pass.batch * shape_.context, d = shape_.d_model;
  products_->forward(layout_.input, {pass.contexts, shape_.input, all}, {pass.w->memory, d});
  parallel_chunks(all, row_chunk, [&](Index, Index begin, Index end) {
    k_->add_bias_table(pass.w->memory, d, at(layout_.input.bias), positions_.data(), shape_.context, begin,
                       end);
  });
}

void Engine::forward_self(const Pass& pass, Index layer) {
  LayerState& s = pass.w->layers[static_cast<std::size_t>(layer)];
  const LayerAt& p = layout_.layers[static_cast<std::size_t>(layer)];
  const Index d = shape_.d_model, last_row = (shape_.context - 1) * d;
  const Rows x = layer_input(pass, layer);

  AttentionForward a;
  a.shape = attention(pass, layer, self_p);
  if (is_last(layer)) {
    const Rows last_rows{x.data + last_row, shape_.context * d, pass.batch};
    products_->forward(p.self_in.slice(0, d), last_rows, {s.self_q, d});
    products_->forward(p.self_in.slice(d, 2 * d), x, {s.self_qkv, 2 * d});
    a.q = s.self_q;
    a.k = s.self_qkv;
  } else {
    products_->forward(p.self_in, x, {s.self_qkv, 3 * d});
    a.q = s.self_qkv;
    a.k = s.self_qkv + d;
  }
  a.v = a.k + d;
  a.q_bias = at(p.self_in.bias);
  a.k_bias = a.q_bias + d;
  a.v_bias = a.q_bias + 2 * d;
  a.probabilities = s.self_p;
  a.out = s.self_context;
  run_attention(a, pass.batch);

  products_->forward(p.self_out, {s.self_context, d, rows(pass, layer)}, {s.norm1.sum, d});
  NormForward n = norm(p.norm1, s.norm1, s.x1);
  n.bias = at(p.self_out.bias);
  n.residual = is_last(layer) ? x.data + last_row : x.data;
  n.residual_ld = is_last(layer) ? shape_.context * d : d;
  n.dropout = dropout(pass, layer, self_out);
  run_norm(n, rows(pass, layer));
}

void Engine::forward_cross(const Pass& pass, Index layer) {
  LayerState& s = pass.w->layers[static_cast<std::size_t>(layer)];
  const LayerAt& p = layout_.layers[static_cast<std::size_t>(layer)];
  const Index d = shape_.d_model, n_rows = rows(pass, layer);

  products_->forward(p.cross_in.slice(0, d), {s.x1, d, n_rows}, {s.cross_q, d});
  products_->forward(p.cross_in.slice(d, 2 * d), layer_input(pass, 0), {s.cross_kv, 2 * d});
  AttentionForward a;
  a.shape = attention(pass, layer, cross_p);
  a.q = s.cross_q;
  a.k = s.cross_kv;
  a.v = s.cross_kv + d;
  a.q_bias = at(p.cross_in.bias);
  a.k_bias = a.q_bias + d;
  a.v_bias = a.q_bias + 2 * d;
  a.probabilities = s.cross_p;
  a.out = s.cross_context;
  run_attention(a, pass.batch);

  products_->forward(p.cross_out, {s.cross_context, d, n_rows}, {s.norm2.sum, d});
  NormForward n = norm(p.norm2, s.norm2, s.x2);
  n.bias = at(p.cross_out.bias);
  n.residual = s.x1;
  n.residual_ld = d;
  n.dropout = dropout(pass, layer, cross_out);
  run_norm(n, n_rows);
}

void Engine::forward_feedforward(const Pass& pass, Index layer) {
  LayerState& s = pass.w->layers[static_cast<std::size_t>(layer)];
  const LayerAt& p = layout_.layers[static_cast<std::size_t>(layer)];
  const Index d = shape_.d_model, f = shape_.feedforward, n_rows = rows(pass, layer);

  products_->forward(p.linear1, {s.x2, d, n_rows}, {s.hidden, f});
  const Dropout inner = dropout(pass, layer, feedforward_in);
  parallel_chunks(n_rows, row_chunk, [&](Index, Index begin, Index end) {
    k_->relu_forward(s.hidden, f, at(p.linear1.bias), inner, begin, end);
  });
  products_->forward(p.linear2, {s.hidden, f, n_rows}, {s.norm3.sum, d});
  NormForward n = norm(p.norm3, s.norm3, s.x3);
  n.bias = at(p.linear2.bias);
  n.residual = s.x2;
  n.residual_ld = d;
  n.dropout = dropout(pass, layer, feedforward_out);
  run_norm(n, n_rows);
}

void Engine::forward_head(const Pass& pass) {
  Workspace& w = *pass.w;
  const Index d = shape_.d_model, batch = pass.batch;
  products_->forward(layout_.head0, {w.layers.back().x3, d, batch}, {w.head_z, d});
  const NormForward n = norm(layout_.head2, {w.head_gelu, w.head_mean, w.head_rstd}, w.head_y);
  parallel_chunks(batch, row_chunk, [&](Index, Index begin, Index end) {
    k_->gelu_forward(w.head_z, w.head_gelu, d, at(layout_.head0.bias), begin, end);
    k_->norm_forward(n, begin, end);
  });
  products_->forward(layout_.head3, {w.head_y, d, batch}, {w.raw, shape_.output});
  parallel_chunks(batch, row_chunk, [&](Index, Index begin, Index end) {
    k_->add_bias(w.raw, shape_.output, at(layout_.head3.bias), begin, end);
  });
}

}  // namespace runner::lvm::cpu
