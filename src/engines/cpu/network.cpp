#include "engines/cpu/network.h"

#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "engines/cpu/parallel.h"

namespace runner::lvm::cpu {
namespace {

void check(const Shape& s) {
  if (s.heads < 1 || s.d_model % s.heads != 0)
    throw UsageError(fmt::format("{} is not a multiple of model.heads ({})", s.d_model, s.heads),
                     "model.d_model");
  if (s.dropout < 0 || s.dropout >= 1)
    throw UsageError(fmt::format("{} is not in [0, 1)", s.dropout), "model.dropout");
  if (s.layers < 1 || s.context < 1 || s.input < 1 || s.output < 1 || s.feedforward < 1)
    throw UsageError("every size of a transformer must be at least 1", "model");
  if (s.context > attention_keys)
    throw UsageError(
        fmt::format("a context of {} vectors; the CPU engine takes up to {}", s.context, attention_keys),
        "data.context");
}

// sin at even and cos at odd places, in float32 as PyTorch users build it.
std::vector<float> sinusoids(Index positions, Index width) {
  std::vector<float> table(static_cast<std::size_t>(positions * width));
  const auto rate = static_cast<float>(-std::log(10000.0) / static_cast<double>(width));
  for (Index t = 0; t < positions; ++t)
    for (Index c = 0; c < width; ++c) {
      const float angle = static_cast<float>(t) * std::exp(static_cast<float>(c - c % 2) * rate);
      table[static_cast<std::size_t>(t * width + c)] = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  return table;
}

}  // namespace

Network::Network(const Shape& shape, Precision precision, int buffers, const Blas* blas)
    : shape_((check(shape), shape)), layout_(make_layout(shape)), k_(&kernels()) {
  flat_ = Memory(static_cast<std::size_t>(layout_.total * buffers) * sizeof(float));
  parameters_ = buffer(0);
  positions_ = sinusoids(shape.context, shape.d_model);
  products_ = make_products(precision, layout_, parameters_, buffers > 1 ? buffer(1) : nullptr, blas);
}

NormForward Network::norm(const NormAt& where, const NormState& state, float* out) const {
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

void Network::add_and_norm(const Residual& residual, const LinearAt& w, const Rows& x, const Dropout& dropout,
                           const NormAt& where, const NormState& state, float* out) {
  products_->forward(w, x, {state.sum, shape_.d_model});
  NormForward n = norm(where, state, out);
  n.bias = at(w.bias);
  n.residual = residual.data;
  n.residual_ld = residual.ld;
  n.dropout = dropout;
  run_chunks(x.count, row_chunk, [&](Index, Index begin, Index end) { k_->norm_forward(n, begin, end); });
}

void Network::feedforward(const LayerAt& p, const LayerState& s, Index rows, const Dropout& inner,
                          const Dropout& outer) {
  const Index d = shape_.d_model, f = shape_.feedforward;
  products_->forward(p.linear1, {s.x2, d, rows}, {s.hidden, f});
  run_chunks(rows, row_chunk, [&](Index, Index begin, Index end) {
    k_->relu_forward(s.hidden, f, at(p.linear1.bias), inner, begin, end);
  });
  add_and_norm({s.x2, d}, p.linear2, {s.hidden, f, rows}, outer, p.norm3, s.norm3, s.x3);
}

void Network::head(const float* x, const HeadState& s, Index rows, float* raw) {
  const Index d = shape_.d_model;
  products_->forward(layout_.head0, {x, d, rows}, {s.z, d});
  const NormForward n = norm(layout_.head2, s.norm, s.y);
  run_chunks(rows, row_chunk, [&](Index, Index begin, Index end) {
    k_->gelu_forward(s.z, s.norm.sum, d, at(layout_.head0.bias), begin, end);
    k_->norm_forward(n, begin, end);
  });
  products_->forward(layout_.head3, {s.y, d, rows}, {raw, shape_.output});
  run_chunks(rows, row_chunk, [&](Index, Index begin, Index end) {
    k_->add_bias(raw, shape_.output, at(layout_.head3.bias), begin, end);
  });
}

}  // namespace runner::lvm::cpu
