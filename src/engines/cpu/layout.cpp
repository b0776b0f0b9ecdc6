#include "engines/cpu/layout.h"

namespace runner::lvm::cpu {
namespace {

class Builder {
 public:
  LinearAt linear(const std::string& weight, const std::string& bias, std::int64_t out, std::int64_t in) {
    LinearAt at{0, 0, out, in};
    at.weight = add(weight, out, in);
    at.bias = add(bias, out, 0);
    return at;
  }
  LinearAt linear(const std::string& prefix, std::int64_t out, std::int64_t in) {
    return linear(prefix + ".weight", prefix + ".bias", out, in);
  }
  NormAt norm(const std::string& prefix, std::int64_t width) {
    NormAt at;
    at.weight = add(prefix + ".weight", width, 0);
    at.bias = add(prefix + ".bias", width, 0);
    return at;
  }

  std::int64_t add(const std::string& name, std::int64_t rows, std::int64_t columns) {
    layout.parameters.push_back({name, rows, columns, layout.total});
    const std::int64_t offset = layout.total;
    layout.total += layout.parameters.back().size();
    return offset;
  }

  Layout layout;
};

LayerAt add_layer(Builder& b, const std::string& prefix, const Shape& s) {
  const std::int64_t d = s.d_model;
  LayerAt at;
  at.self_in = b.linear(prefix + "self_attn.in_proj_weight", prefix + "self_attn.in_proj_bias", 3 * d, d);
  at.self_out = b.linear(prefix + "self_attn.out_proj", d, d);
  at.cross_in =
      b.linear(prefix + "multihead_attn.in_proj_weight", prefix + "multihead_attn.in_proj_bias", 3 * d, d);
  at.cross_out = b.linear(prefix + "multihead_attn.out_proj", d, d);
  at.linear1 = b.linear(prefix + "linear1", s.feedforward, d);
  at.linear2 = b.linear(prefix + "linear2", d, s.feedforward);
  at.norm1 = b.norm(prefix + "norm1", d);
  at.norm2 = b.norm(prefix + "norm2", d);
  at.norm3 = b.norm(prefix + "norm3", d);
  return at;
}

}  // namespace

Layout make_layout(const Shape& s) {
  Builder b;
  b.layout.input = b.linear("input_proj", s.d_model, s.input);
  for (std::int64_t i = 0; i < s.layers; ++i) {
    const LayerAt layer = add_layer(b, "transformer_decoder.layers." + std::to_string(i) + ".", s);
    b.layout.layers.push_back(layer);
  }
  b.layout.head0 = b.linear("head.0", s.d_model, s.d_model);
  b.layout.head2 = b.norm("head.2", s.d_model);
  b.layout.head3 = b.linear("head.3", s.output, s.d_model);
  if (s.residual_weights > 0) b.layout.residual = b.add("residual.weights", s.residual_weights, 0);
  return b.layout;
}

}  // namespace runner::lvm::cpu
