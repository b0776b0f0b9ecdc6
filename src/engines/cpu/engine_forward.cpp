// The engine's forward pass.
#include "engines/cpu/engine.h"

#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {

void Engine::run_attention(const AttentionForward& a, Index batch) {
  run_chunks(batch, item_chunk, [&](Index, Index begin, Index end) { k_->attention_forward(a, begin, end); });
}

void Engine::forward_pass(const Pass& pass) {
  forward_input(pass);
  for (Index layer = 0; layer < shape_.layers; ++layer) {
    forward_self(pass, layer);
    forward_cross(pass, layer);
    const auto i = static_cast<std::size_t>(layer);
    feedforward(layout_.layers[i], pass.w->layers[i], rows(pass, layer), dropout(pass, layer, feedforward_in),
                dropout(pass, layer, feedforward_out));
  }
  head(pass.w->layers.back().x3, pass.w->head, pass.batch, pass.w->raw);
}

void Engine::forward_input(const Pass& pass) {
  const Index all = pass.batch * shape_.context, d = shape_.d_model;
  products_->forward(layout_.input, {pass.contexts, shape_.input, all}, {pass.w->memory, d});
  run_chunks(all, row_chunk, [&](Index, Index begin, Index end) {
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

  const Residual residual =
      is_last(layer) ? Residual{x.data + last_row, shape_.context * d} : Residual{x.data, d};
  add_and_norm(residual, p.self_out, {s.self_context, d, rows(pass, layer)}, dropout(pass, layer, self_out),
               p.norm1, s.norm1, s.x1);
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

  add_and_norm({s.x1, d}, p.cross_out, {s.cross_context, d, n_rows}, dropout(pass, layer, cross_out), p.norm2,
               s.norm2, s.x2);
}

}  // namespace runner::lvm::cpu
