#pragma once
// The project's own CUDA kernels as plain functions over device memory. They run on `stream`, allocate
// nothing and read nothing back, so that a CUDA graph can hold them. Rounding: everything is computed in
// float32; with `bf16` the tensors marked T hold bfloat16, else float32.

#include <cuda_runtime_api.h>

#include <cstdint>

namespace runner::lvm::cuda {

// Dropout by counting: element i is dropped when a hash of (*key, place, i) falls below a threshold, so that
// the backward pass draws the same again. probability 0: key is not read.
struct Draws {
  const std::int64_t* key = nullptr;  // of the step, on the device
  double probability = 0;
  std::uint32_t place = 0;  // tells the draws of one step apart
  std::uint32_t first = 0;  // element i here is element first + i of the whole batch
};

// Softmax attention of few positions, one warp a head. Query i sees keys 0..i (causal) or all.
constexpr int max_keys = 8, max_head_dim = 128;

struct Attention {
  const void *q, *k, *v;                                        // T
  std::int64_t q_batch, q_row, k_batch, k_row, v_batch, v_row;  // strides in elements
  std::int64_t batch, heads, queries, keys, head_dim;
  bool causal, bf16;
  Draws draws;
  float* probabilities;  // [batch, heads, queries, keys], before dropout
};
// out [batch, queries, heads * head_dim] T.
void attention_forward(const Attention& a, void* out, cudaStream_t stream);
// dout and dq as out; dk, dv [batch, keys, heads * head_dim] T.
void attention_backward(const Attention& a, const void* dout, void* dq, void* dk, void* dv,
                        cudaStream_t stream);

// y = layer_norm(sum) * gamma + beta with sum = rest + dropout(part), over rows of `columns` (a multiple of
// 32, at most max_norm_columns).
constexpr int max_norm_columns = 1024;

struct AddNorm {
  const float *gamma, *beta;
  float *sum, *mean, *rstd;  // [rows, columns], [rows], [rows]: kept for the backward pass
  std::int64_t rows, columns;
  bool bf16;
  Draws draws;
};
void add_norm_forward(const AddNorm& n, const float* rest, const void* part, float* y, cudaStream_t stream);
// Row blocks of the backward pass: rows of `partial`.
std::int64_t add_norm_blocks(std::int64_t rows);
// drest float32, dpart T; partial [blocks, 2, columns]: sums over a block's rows for dgamma and dbeta.
void add_norm_backward(const AddNorm& n, const float* dy, float* drest, void* dpart, float* partial,
                       cudaStream_t stream);

// y = dropout(x), or with `relu` dropout(relu(x)); `count` elements of T.
struct DropOut {
  std::int64_t count;
  bool relu, bf16;
  Draws draws;
};
void drop_out_forward(const DropOut& d, const void* x, void* y, cudaStream_t stream);
// y: what the forward pass has left; read with `relu` only.
void drop_out_backward(const DropOut& d, const void* y, const void* dy, void* dx, cudaStream_t stream);

// What an update needs of the host, in one copy.
struct AdamwSettings {
  float decay;                       // 1 - lr * weight_decay
  float step_size;                   // lr / (1 - beta1^t)
  float beta1, gain1, beta2, gain2;  // gain: 1 - beta
  float eps, root_correction;        // 1 / sqrt(1 - beta2^t)
  float clip_norm;                   // 0: none
};
// Clipping and AdamW over flat buffers of `count` floats. Changes nothing unless *norm (of all gradients) and
// *loss are finite. Everything but `count` lies on the device.
void adamw(float* weights, const float* gradients, float* exp_avg, float* exp_avg_sq, std::int64_t count,
           const AdamwSettings* settings, const float* norm, const float* loss, cudaStream_t stream);

}  // namespace runner::lvm::cuda
