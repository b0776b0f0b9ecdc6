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

// A seed drawn on the device: a graph draws a new one at each replay.
torch::Tensor draw_seed(const torch::Tensor& like, double dropout) {
  const torch::Tensor seed = torch::empty({1}, like.options().dtype(torch::kInt64).requires_grad(false));
  return dropout > 0 ? seed.random_() : seed;
}

Attention described(const tensor_list& qkv, std::int64_t heads, bool causal, double dropout,
                    std::int64_t first_row, const torch::Tensor& seed, torch::Tensor& probabilities) {
  const torch::Tensor &q = qkv[0], &k = qkv[1], &v = qkv[2];
  Attention a{};
  a.q = q.data_ptr(), a.k = k.data_ptr(), a.v = v.data_ptr();
  a.q_batch = q.stride(0), a.q_row = q.stride(1);
  a.k_batch = k.stride(0), a.k_row = k.stride(1);
  a.v_batch = v.stride(0), a.v_row = v.stride(1);
  a.batch = q.size(0), a.queries = q.size(1), a.keys = k.size(1);
  a.heads = heads, a.head_dim = q.size(2) / heads;
  a.causal = causal, a.bf16 = is_bf16(q);
  const std::int64_t row = heads * a.queries * a.keys;
  a.draws = {seed.data_ptr<std::int64_t>(), dropout, static_cast<std::uint32_t>(first_row * row)};
  a.probabilities = probabilities.data_ptr<float>();
  return a;
}

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& q, const torch::Tensor& k,
                               const torch::Tensor& v, std::int64_t heads, bool causal, double dropout,
                               std::int64_t first_row) {
    torch::Tensor probabilities =
        torch::empty({q.size(0), heads, q.size(1), k.size(1)}, q.options().dtype(torch::kFloat32));
    const torch::Tensor seed = draw_seed(q, dropout);
    const torch::Tensor out = torch::empty(q.sizes(), q.options());
    attention_forward(described({q, k, v}, heads, causal, dropout, first_row, seed, probabilities),
                      out.data_ptr(), stream());
    context->save_for_backward({q, k, v, seed, probabilities});
    context->saved_data["heads"] = heads;
    context->saved_data["causal"] = causal;
    context->saved_data["dropout"] = dropout;
    context->saved_data["first_row"] = first_row;
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    torch::Tensor probabilities = saved[4];
    const Attention a =
        described(saved, context->saved_data["heads"].toInt(), context->saved_data["causal"].toBool(),
                  context->saved_data["dropout"].toDouble(), context->saved_data["first_row"].toInt(),
                  saved[3], probabilities);
    const torch::Tensor dout = gradients[0].contiguous();
    const torch::Tensor dq = torch::empty(saved[0].sizes(), dout.options());
    const torch::Tensor dk = torch::empty(saved[1].sizes(), dout.options());
    const torch::Tensor dv = torch::empty(saved[2].sizes(), dout.options());
    attention_backward(a, dout.data_ptr(), dq.data_ptr(), dk.data_ptr(), dv.data_ptr(), stream());
    return {dq, dk, dv, {}, {}, {}, {}};
  }
};

AddNorm described(const torch::Tensor& weight, const torch::Tensor& bias, const torch::Tensor& sum,
                  const torch::Tensor& statistics, bool bf16, double dropout, std::int64_t first_row,
                  const torch::Tensor& seed) {
  AddNorm n{};
  n.gamma = weight.data_ptr<float>(), n.beta = bias.data_ptr<float>();
  n.columns = sum.size(-1), n.rows = sum.numel() / n.columns;
  n.sum = sum.data_ptr<float>();
  n.mean = statistics.data_ptr<float>(), n.rstd = n.mean + n.rows;
  n.bf16 = bf16;
  n.draws = {seed.data_ptr<std::int64_t>(), dropout,
             static_cast<std::uint32_t>(first_row * (sum.numel() / sum.size(0)))};
  return n;
}

struct AddNormFunction : torch::autograd::Function<AddNormFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& rest, const torch::Tensor& part,
                               const torch::Tensor& weight, const torch::Tensor& bias, double dropout,
                               std::int64_t first_row) {
    const torch::Tensor from = rest.contiguous(), added = part.contiguous();
    const torch::Tensor sum = torch::empty(from.sizes(), from.options());
    const torch::Tensor y = torch::empty(from.sizes(), from.options());
    const torch::Tensor statistics = torch::empty({2, sum.numel() / sum.size(-1)}, sum.options());
    const torch::Tensor seed = draw_seed(sum, dropout);
    add_norm_forward(described(weight, bias, sum, statistics, is_bf16(added), dropout, first_row, seed),
                     from.data_ptr<float>(), added.data_ptr(), y.data_ptr<float>(), stream());
    context->save_for_backward({weight, bias, sum, statistics, seed});
    context->saved_data["bf16"] = is_bf16(added);
    context->saved_data["first_row"] = first_row;
    context->saved_data["dropout"] = dropout;
    return y;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    const bool bf16 = context->saved_data["bf16"].toBool();
    const torch::Tensor& sum = saved[2];
    const AddNorm n =
        described(saved[0], saved[1], sum, saved[3], bf16, context->saved_data["dropout"].toDouble(),
                  context->saved_data["first_row"].toInt(), saved[4]);
    const torch::Tensor dy = gradients[0].contiguous();
    const torch::Tensor drest = torch::empty(sum.sizes(), sum.options());
    const torch::Tensor dpart =
        torch::empty(sum.sizes(), sum.options().dtype(bf16 ? torch::kBFloat16 : torch::kFloat32));
    const torch::Tensor partial = torch::empty({add_norm_blocks(n.rows), 2, n.columns}, sum.options());
    add_norm_backward(n, dy.data_ptr<float>(), drest.data_ptr<float>(), dpart.data_ptr(),
                      partial.data_ptr<float>(), stream());
    const torch::Tensor sums = partial.sum(0);
    return {drest, dpart, sums[0], sums[1], {}, {}};
  }
};

}  // namespace

std::optional<torch::Tensor> attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                       std::int64_t heads, bool causal, double dropout,
                                       std::int64_t first_row) {
  const bool fits = q.is_cuda() && (is_bf16(q) || q.scalar_type() == torch::kFloat32) &&
                    k.size(1) <= max_keys && q.size(2) / heads <= max_head_dim && q.stride(2) == 1 &&
                    k.stride(2) == 1 && v.stride(2) == 1 && (!causal || q.size(1) == k.size(1));
  if (!fits) return std::nullopt;
  return AttentionFunction::apply(q, k, v, heads, causal, dropout, first_row);
}

std::optional<torch::Tensor> add_norm(const torch::Tensor& rest, const torch::Tensor& part,
                                      const torch::Tensor& weight, const torch::Tensor& bias, double dropout,
                                      std::int64_t first_row) {
  const bool fits = rest.is_cuda() && rest.scalar_type() == torch::kFloat32 &&
                    (is_bf16(part) || part.scalar_type() == torch::kFloat32) &&
                    rest.sizes() == part.sizes() && rest.size(-1) % 32 == 0 &&
                    rest.size(-1) <= max_norm_columns;
  if (!fits) return std::nullopt;
  return AddNormFunction::apply(rest, part, weight, bias, dropout, first_row);
}

}  // namespace runner::lvm::cuda
