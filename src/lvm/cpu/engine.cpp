#include "lvm/cpu/engine.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/log.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index evaluation_chunk = 64;  // batch items at a time: bounds the memory of an evaluation

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
      const float angle = static_cast<float>(t) * std::exp(static_cast<float>(c / 2 * 2) * rate);
      table[static_cast<std::size_t>(t * width + c)] = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  return table;
}

}  // namespace

Engine::Engine(const Shape& shape, Precision precision)
    : shape_((check(shape), shape)), precision_(precision), layout_(make_layout(shape)), k_(&kernels()) {
  flat_ = Memory(static_cast<std::size_t>(layout_.total) * 4 * sizeof(float));
  parameters_ = static_cast<float*>(flat_.data());
  gradients_ = parameters_ + layout_.total;
  first_moments_ = gradients_ + layout_.total;
  second_moments_ = first_moments_ + layout_.total;
  positions_ = sinusoids(shape.context, shape.d_model);
  products_ = make_products(precision, layout_, parameters_, gradients_);
  make_update_tasks();
}

Dropout Engine::dropout(const Pass& pass, Index layer, Place place) const {
  return make_dropout(pass.key, static_cast<std::uint32_t>(layer), place, pass.train ? shape_.dropout : 0);
}

AttentionShape Engine::attention(const Pass& pass, Index layer, Place place) const {
  AttentionShape s;
  s.heads = shape_.heads;
  s.head_dim = shape_.d_model / shape_.heads;
  s.keys = shape_.context;
  s.queries = is_last(layer) ? 1 : shape_.context;
  s.dropout = dropout(pass, layer, place);
  const bool stacked = place == self_p && !is_last(layer);  // queries beside keys and values
  s.q_ld = stacked ? 3 * shape_.d_model : shape_.d_model;
  s.kv_ld = stacked ? 3 * shape_.d_model : 2 * shape_.d_model;
  return s;
}

Rows Engine::layer_input(const Pass& pass, Index layer) const {
  const float* x = layer == 0 ? pass.w->memory : pass.w->layers[static_cast<std::size_t>(layer - 1)].x3;
  return {x, shape_.d_model, pass.batch * shape_.context};
}

const float* Engine::forward(const float* contexts, std::int64_t batch, bool train, DropoutKey key) {
  if (train) {
    training_.reserve(shape_, batch, true);
    last_ = {contexts, batch, true, key, &training_};
    forward_pass(last_);
    return training_.raw;
  }
  evaluation_.reserve(shape_, std::min(batch, evaluation_chunk), false);
  if (batch <= evaluation_chunk) {
    forward_pass({contexts, batch, false, key, &evaluation_});
    return evaluation_.raw;
  }
  eval_raw_.resize(static_cast<std::size_t>(batch * shape_.output));
  for (Index b = 0; b < batch; b += evaluation_chunk) {
    const Index n = std::min(evaluation_chunk, batch - b);
    forward_pass({contexts + b * shape_.context * shape_.input, n, false, key, &evaluation_});
    std::copy_n(evaluation_.raw, n * shape_.output, eval_raw_.data() + b * shape_.output);
  }
  return eval_raw_.data();
}

void Engine::release_evaluation() {
  evaluation_ = Workspace();
  std::vector<float>().swap(eval_raw_);
}

void Engine::backward(const float* grad_raw) {
  if (!last_.w) throw RunError("the engine has no training forward to go back through");
  products_->begin_backward();
  last_.w->g.sums.clear();
  backward_head(last_, grad_raw);
  const float* dout = last_.w->g.dhead;
  for (Index layer = shape_.layers - 1; layer >= 0; --layer) {
    backward_feedforward(last_, layer, dout);
    backward_cross(last_, layer);
    dout = backward_self(last_, layer);
  }
  const Index all = last_.batch * shape_.context;
  sum_columns(last_, dout, shape_.d_model, layout_.input.bias, all);
  products_->backward(layout_.input, {dout, shape_.d_model, all}, {last_.contexts, shape_.input, all}, {});
  last_.w->g.sums.finish();
  squares_known_ = true;
}

}  // namespace runner::lvm::cpu
