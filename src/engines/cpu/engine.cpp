#include "engines/cpu/engine.h"

#include <algorithm>

#include "base/error.h"

namespace runner::lvm::cpu {
namespace {

constexpr Index evaluation_chunk = 64;  // batch items at a time: bounds the memory of an evaluation

}  // namespace

Engine::Engine(const Shape& shape, Precision precision, const Blas* blas)
    : Network(shape, precision, 4, blas) {
  gradients_ = buffer(1);
  first_moments_ = buffer(2);
  second_moments_ = buffer(3);
  make_update_tasks();
}

Dropout Engine::dropout(const Pass& pass, Index layer, Place place) const {
  Dropout d =
      make_dropout(pass.key, static_cast<std::uint32_t>(layer), place, pass.train ? shape_.dropout : 0);
  if (pass.first_row == 0) return d;
  // The counter goes on behind the rows before.
  const Index rows = is_last(layer) ? 1 : shape_.context;  // of a context
  const bool probabilities = place == self_p || place == cross_p;
  const Index columns = place == feedforward_in ? shape_.feedforward : shape_.d_model;
  const Index draws =
      probabilities ? shape_.heads * shape_.context : static_cast<Index>(dropout_stride(columns));
  d.first += static_cast<std::uint32_t>(pass.first_row * rows * draws);
  return d;
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

const float* Engine::forward(const float* contexts, std::int64_t batch, bool train, DropoutKey key,
                             std::int64_t first_row) {
  if (train) {
    training_.reserve(shape_, batch, true);
    last_ = {contexts, batch, true, key, &training_, first_row};
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

std::vector<Engine::Range> Engine::gradient_ranges() const {
  std::vector<Range> ranges;
  std::int64_t end = layout_.total;
  const auto from = [&](std::int64_t first) {
    ranges.push_back({first, end - first});
    end = first;
  };
  from(layout_.head0.weight);
  for (auto layer = layout_.layers.rbegin(); layer != layout_.layers.rend(); ++layer)
    from(layer->self_in.weight);
  from(0);
  return ranges;
}

void Engine::backward(const float* grad_raw, const std::function<void(const Range&)>& ready) {
  if (!last_.w) throw RunError("the engine has no training forward to go back through");
  products_->begin_backward();
  last_.w->g.sums.clear();
  const std::vector<Range> ranges = ready ? gradient_ranges() : std::vector<Range>();
  std::size_t range = 0;
  const auto done = [&] {
    if (!ready) return;
    last_.w->g.sums.settle();
    ready(ranges[range++]);
  };
  backward_head(last_, grad_raw);
  done();
  const float* dout = last_.w->g.dhead;
  for (Index layer = shape_.layers - 1; layer >= 0; --layer) {
    backward_feedforward(last_, layer, dout);
    backward_cross(last_, layer);
    dout = backward_self(last_, layer);
    done();
  }
  const Index all = last_.batch * shape_.context;
  sum_columns(last_, dout, shape_.d_model, layout_.input.bias, all);
  products_->backward(layout_.input, {dout, shape_.d_model, all}, {last_.contexts, shape_.input, all}, {});
  if (ready)
    done();
  else
    last_.w->g.sums.finish();
  squares_known_ = true;
}

}  // namespace runner::lvm::cpu
