#include "cuda_kernels/functions.h"

#include <c10/cuda/CUDAStream.h>

#include "cuda_kernels/kernels.h"

namespace runner::lvm::cuda {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

cudaStream_t stream() {
  return c10::cuda::getCurrentCUDAStream().stream();
}

bool is_bf16(const torch::Tensor& x) {
  return x.scalar_type() == torch::kBFloat16;
}

// The key of the place's step. One that is drawn lies on the device, so that a graph draws a new one at each
// replay.
torch::Tensor key_of(const DropoutPlace& place, const torch::Tensor& like) {
  if (place.key.defined()) return place.key;
  const torch::Tensor key = torch::empty({1}, like.options().dtype(torch::kInt64).requires_grad(false));
  return place.probability > 0 ? key.random_() : key;
}

void remember(AutogradContext* context, const DropoutPlace& place) {
  context->saved_data["dropout"] = place.probability;
  context->saved_data["place"] = place.number;
  context->saved_data["first_row"] = place.first_row;
}

DropoutPlace remembered(AutogradContext* context, const torch::Tensor& key) {
  return {context->saved_data["dropout"].toDouble(), key, context->saved_data["place"].toInt(),
          context->saved_data["first_row"].toInt()};
}

// row: elements of a row.
Draws draws_of(const DropoutPlace& place, std::int64_t row) {
  return {place.key.data_ptr<std::int64_t>(), place.probability, static_cast<std::uint32_t>(place.number),
          static_cast<std::uint32_t>(place.first_row * row)};
}

Attention described(const tensor_list& qkv, std::int64_t heads, bool causal, const DropoutPlace& dropout,
                    torch::Tensor& probabilities) {
  const torch::Tensor &q = qkv[0], &k = qkv[1], &v = qkv[2];
  Attention a{};
  a.q = q.data_ptr(), a.k = k.data_ptr(), a.v = v.data_ptr();
  a.q_batch = q.stride(0), a.q_row = q.stride(1);
  a.k_batch = k.stride(0), a.k_row = k.stride(1);
  a.v_batch = v.stride(0), a.v_row = v.stride(1);
  a.batch = q.size(0), a.queries = q.size(1), a.keys = k.size(1);
  a.heads = heads, a.head_dim = q.size(2) / heads;
  a.causal = causal, a.bf16 = is_bf16(q);
  a.draws = draws_of(dropout, heads * a.queries * a.keys);
  a.probabilities = probabilities.data_ptr<float>();
  return a;
}

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& q, const torch::Tensor& k,
                               const torch::Tensor& v, std::int64_t heads, bool causal,
                               DropoutPlace dropout) {
    torch::Tensor probabilities =
        torch::empty({q.size(0), heads, q.size(1), k.size(1)}, q.options().dtype(torch::kFloat32));
    dropout.key = key_of(dropout, q);
    const torch::Tensor out = torch::empty(q.sizes(), q.options());
    attention_forward(described({q, k, v}, heads, causal, dropout, probabilities), out.data_ptr(), stream());
    context->save_for_backward({q, k, v, dropout.key, probabilities});
    context->saved_data["heads"] = heads;
    context->saved_data["causal"] = causal;
    remember(context, dropout);
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    torch::Tensor probabilities = saved[4];
    const Attention a =
        described(saved, context->saved_data["heads"].toInt(), context->saved_data["causal"].toBool(),
                  remembered(context, saved[3]), probabilities);
    const torch::Tensor dout = gradients[0].contiguous();
    const torch::Tensor dq = torch::empty(saved[0].sizes(), dout.options());
    const torch::Tensor dk = torch::empty(saved[1].sizes(), dout.options());
    const torch::Tensor dv = torch::empty(saved[2].sizes(), dout.options());
    attention_backward(a, dout.data_ptr(), dq.data_ptr(), dk.data_ptr(), dv.data_ptr(), stream());
    return {dq, dk, dv, {}, {}, {}};
  }
};

AddNorm described(const torch::Tensor& weight, const torch::Tensor& bias, const torch::Tensor& sum,
                  const torch::Tensor& statistics, bool bf16, const DropoutPlace& dropout) {
  AddNorm n{};
  n.gamma = weight.data_ptr<float>(), n.beta = bias.data_ptr<float>();
  n.columns = sum.size(-1), n.rows = sum.numel() / n.columns;
  n.sum = sum.data_ptr<float>();
  n.mean = statistics.data_ptr<float>(), n.rstd = n.mean + n.rows;
  n.bf16 = bf16;
  n.draws = draws_of(dropout, sum.numel() / sum.size(0));
  return n;
}

struct AddNormFunction : torch::autograd::Function<AddNormFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& rest, const torch::Tensor& part,
                               const torch::Tensor& weight, const torch::Tensor& bias, DropoutPlace dropout) {
    const torch::Tensor from = rest.contiguous(), added = part.contiguous();
    const torch::Tensor sum = torch::empty(from.sizes(), from.options());
    const torch::Tensor y = torch::empty(from.sizes(), from.options());
    const torch::Tensor statistics = torch::empty({2, sum.numel() / sum.size(-1)}, sum.options());
    dropout.key = key_of(dropout, sum);
    add_norm_forward(described(weight, bias, sum, statistics, is_bf16(added), dropout),
                     from.data_ptr<float>(), added.data_ptr(), y.data_ptr<float>(), stream());
    context->save_for_backward({weight, bias, sum, statistics, dropout.key});
    context->saved_data["bf16"] = is_bf16(added);
    remember(context, dropout);
    return y;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    const bool bf16 = context->saved_data["bf16"].toBool();
    const torch::Tensor& sum = saved[2];
    const AddNorm n = described(saved[0], saved[1], sum, saved[3], bf16, remembered(context, saved[4]));
    const torch::Tensor dy = gradients[0].contiguous();
    const torch::Tensor drest = torch::empty(sum.sizes(), sum.options());
    const torch::Tensor dpart =
        torch::empty(sum.sizes(), sum.options().dtype(bf16 ? torch::kBFloat16 : torch::kFloat32));
    const torch::Tensor partial = torch::empty({add_norm_blocks(n.rows), 2, n.columns}, sum.options());
    add_norm_backward(n, dy.data_ptr<float>(), drest.data_ptr<float>(), dpart.data_ptr(),
                      partial.data_ptr<float>(), stream());
    const torch::Tensor sums = partial.sum(0);
    return {drest, dpart, sums[0], sums[1], {}};
  }
};

struct DropOutFunction : torch::autograd::Function<DropOutFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input, bool relu,
                               DropoutPlace dropout) {
    const torch::Tensor x = input.contiguous();
    const torch::Tensor y = torch::empty(x.sizes(), x.options());
    dropout.key = key_of(dropout, x);
    drop_out_forward(described(x, relu, dropout), x.data_ptr(), y.data_ptr(), stream());
    // Without a ReLU nothing but the key is looked at again.
    context->save_for_backward({dropout.key, relu ? y : torch::Tensor()});
    context->saved_data["relu"] = relu;
    remember(context, dropout);
    return y;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    const bool relu = context->saved_data["relu"].toBool();
    const torch::Tensor dy = gradients[0].contiguous();
    const torch::Tensor dx = torch::empty(dy.sizes(), dy.options());
    drop_out_backward(described(dy, relu, remembered(context, saved[0])),
                      relu ? saved[1].data_ptr() : nullptr, dy.data_ptr(), dx.data_ptr(), stream());
    return {dx, {}, {}};
  }

 private:
  static DropOut described(const torch::Tensor& x, bool relu, const DropoutPlace& dropout) {
    return {x.numel(), relu, is_bf16(x), draws_of(dropout, x.size(0) > 0 ? x.numel() / x.size(0) : 0)};
  }
};

bool is_float_or_bf16(const torch::Tensor& x) {
  return is_bf16(x) || x.scalar_type() == torch::kFloat32;
}

}  // namespace

std::optional<torch::Tensor> attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                       std::int64_t heads, bool causal, const DropoutPlace& dropout) {
  const bool fits = q.is_cuda() && is_float_or_bf16(q) && k.size(1) <= max_keys &&
                    q.size(2) / heads <= max_head_dim && q.stride(2) == 1 && k.stride(2) == 1 &&
                    v.stride(2) == 1 && (!causal || q.size(1) == k.size(1));
  if (!fits) return std::nullopt;
  return AttentionFunction::apply(q, k, v, heads, causal, dropout);
}

std::optional<torch::Tensor> add_norm(const torch::Tensor& rest, const torch::Tensor& part,
                                      const torch::Tensor& weight, const torch::Tensor& bias,
                                      const DropoutPlace& dropout) {
  const bool fits = rest.is_cuda() && rest.scalar_type() == torch::kFloat32 && is_float_or_bf16(part) &&
                    rest.sizes() == part.sizes() && rest.size(-1) % 32 == 0 &&
                    rest.size(-1) <= max_norm_columns;
  if (!fits) return std::nullopt;
  return AddNormFunction::apply(rest, part, weight, bias, dropout);
}

std::optional<torch::Tensor> drop_out(const torch::Tensor& x, bool relu, const DropoutPlace& dropout) {
  if (!x.is_cuda() || !is_float_or_bf16(x)) return std::nullopt;
  return DropOutFunction::apply(x, relu, dropout);
}

}  // namespace runner::lvm::cuda
