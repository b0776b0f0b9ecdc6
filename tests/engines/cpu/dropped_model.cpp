#include "engines/cpu/dropped_model.h"

#include <cmath>

namespace runner::lvm::cpu {
namespace {

// Factors of a [rows, columns] matrix.
torch::Tensor matrix_factors(const Dropout& d, std::int64_t rows, std::int64_t columns) {
  torch::Tensor factors = torch::ones({rows, columns});
  if (d.threshold == 0) return factors;
  float* out = factors.data_ptr<float>();
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; c += dropout_block) {
      float block[dropout_block];
      dropout_factors(d, static_cast<std::uint32_t>(r) * dropout_stride(columns), c, block);
      for (std::int64_t i = 0; i < dropout_block && c + i < columns; ++i) out[r * columns + c + i] = block[i];
    }
  return factors;
}

// Factors of attention probabilities: each has a draw of its own.
torch::Tensor probability_factors(const Dropout& d, const std::vector<std::int64_t>& sizes) {
  torch::Tensor factors = torch::ones(sizes);
  if (d.threshold == 0) return factors;
  float* out = factors.data_ptr<float>();
  for (std::int64_t i = 0; i < factors.numel(); ++i)
    out[i] = (draw32(d, static_cast<std::uint32_t>(i)) >> 16) < d.threshold ? 0.0f : d.scale;
  return factors;
}

torch::Tensor rounded(const torch::Tensor& x) {
  return x.to(torch::kBFloat16).to(torch::kFloat32);
}

// x · wᵀ of rounded operands, summed in float32, and its gradients from rounded operands too.
struct RoundedProduct : torch::autograd::Function<RoundedProduct> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& w) {
    context->save_for_backward({x, w});
    return torch::matmul(rounded(x), rounded(w).t());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto dy = rounded(gradients[0]), x = rounded(saved[0]), w = rounded(saved[1]);
    const auto rows = dy.reshape({-1, dy.size(-1)});
    return {torch::matmul(dy, w), torch::matmul(rows.t(), x.reshape({-1, x.size(-1)}))};
  }
};

struct Reference {
  const Shape& shape;
  const Weights& weights;
  DropoutKey key;
  Precision precision;

  torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) const {
    if (precision == Precision::fp32) return torch::linear(x, weight, bias);
    return RoundedProduct::apply(x, weight) + bias;
  }

  torch::Tensor w(const std::string& name) const { return weights.at(name); }
  Dropout at(std::int64_t layer, std::uint32_t place) const {
    return make_dropout(key, static_cast<std::uint32_t>(layer), place, shape.dropout);
  }
  torch::Tensor drop(const torch::Tensor& x, std::int64_t layer, std::uint32_t place) const {
    const auto factors = matrix_factors(at(layer, place), x.numel() / x.size(-1), x.size(-1));
    return x * factors.view(x.sizes());
  }
  torch::Tensor norm(const torch::Tensor& x, const std::string& name) const {
    return torch::layer_norm(x, {x.size(-1)}, w(name + ".weight"), w(name + ".bias"));
  }

  // queries [B, Q, d] over memory [B, T, d]; Q is T, or 1: the last position.
  torch::Tensor attend(const torch::Tensor& queries, const torch::Tensor& memory, const std::string& prefix,
                       std::int64_t layer, std::uint32_t place) const {
    const auto weight = w(prefix + ".in_proj_weight").chunk(3), bias = w(prefix + ".in_proj_bias").chunk(3);
    const std::int64_t B = queries.size(0), Q = queries.size(1), T = memory.size(1), H = shape.heads;
    const auto heads = [&](const torch::Tensor& x, std::size_t i) {
      return linear(x, weight[i], bias[i]).view({B, x.size(1), H, -1}).transpose(1, 2);
    };
    const auto q = heads(queries, 0), k = heads(memory, 1), v = heads(memory, 2);
    auto scores = torch::matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(q.size(3)));
    if (Q > 1) scores = scores.masked_fill(torch::ones({Q, T}).triu(1).to(torch::kBool), -INFINITY);
    const auto p = torch::softmax(scores, -1) * probability_factors(at(layer, place), {B, H, Q, T});
    const auto context = torch::matmul(p, v).transpose(1, 2).reshape({B, Q, shape.d_model});
    return drop(linear(context, w(prefix + ".out_proj.weight"), w(prefix + ".out_proj.bias")), layer,
                place + 1);
  }

  torch::Tensor layer(torch::Tensor x, const torch::Tensor& memory, std::int64_t i) const {
    const std::string prefix = "transformer_decoder.layers." + std::to_string(i) + ".";
    const torch::Tensor all = x;
    if (i + 1 == shape.layers) x = x.slice(1, x.size(1) - 1);
    x = norm(x + attend(x, all, prefix + "self_attn", i, 0), prefix + "norm1");
    x = norm(x + attend(x, memory, prefix + "multihead_attn", i, 2), prefix + "norm2");
    const auto inner =
        drop(torch::relu(linear(x, w(prefix + "linear1.weight"), w(prefix + "linear1.bias"))), i, 4);
    const auto outer = linear(inner, w(prefix + "linear2.weight"), w(prefix + "linear2.bias"));
    return norm(x + drop(outer, i, 5), prefix + "norm3");
  }
};

}  // namespace

torch::Tensor dropped_forward(const Shape& shape, const Weights& weights, const torch::Tensor& positions,
                              const torch::Tensor& contexts, DropoutKey key, Precision precision) {
  const Reference r{shape, weights, key, precision};
  const auto memory = r.linear(contexts, r.w("input_proj.weight"), r.w("input_proj.bias")) + positions;
  torch::Tensor x = memory;
  for (std::int64_t i = 0; i < shape.layers; ++i) x = r.layer(x, memory, i);
  x = torch::gelu(r.linear(x.select(1, x.size(1) - 1), r.w("head.0.weight"), r.w("head.0.bias")));
  return r.linear(r.norm(x, "head.2"), r.w("head.3.weight"), r.w("head.3.bias"));
}

}  // namespace runner::lvm::cpu
