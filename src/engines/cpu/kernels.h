#pragma once
// The small computations between products, fused so that each passes over its data once. Plain functions on
// ranges of rows, without threads; the same source (kernels/*.h) is compiled for several kinds of CPU and
// kernels() picks the best at run time. Matrices are row-major float32; "ld" is the distance between rows.
//
// Sums over rows (gradients of biases and norms) go to `partial` arrays, one row a call: the engine adds them
// in a fixed order, so that results do not depend on the number of threads.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engines/adamw.h"
#include "engines/cpu/dropout.h"

namespace runner::lvm::cpu {

using Index = std::int64_t;

// sum = residual + dropout(branch + bias); out = layer norm of sum.
struct NormForward {
  float* sum = nullptr;             // [rows, columns]: branch on entry, sum on return
  const float* bias = nullptr;      // [columns], or null: the sum is given, nothing is added
  const float* residual = nullptr;  // rows at residual_ld; only with bias
  Index residual_ld = 0;
  const float* gamma = nullptr;
  const float* beta = nullptr;
  float* out = nullptr;  // [rows, columns]
  float* mean = nullptr;
  float* rstd = nullptr;  // [rows] each
  Index columns = 0;
  float eps = 1e-5f;
  Dropout dropout;
};

struct NormBackward {
  const float* dout = nullptr;  // [rows, columns]
  const float* sum = nullptr;
  const float* mean = nullptr;
  const float* rstd = nullptr;
  const float* gamma = nullptr;
  float* dsum = nullptr;  // gradient of sum, so of residual: rows at dsum_ld
  Index dsum_ld = 0;
  bool accumulate = false;   // add to dsum
  float* dbranch = nullptr;  // gradient of branch (after dropout's factors), or null
  Index columns = 0;
  Dropout dropout;
};

// Attention of each of `heads` heads over T positions, causal, dropout on the probabilities. With queries ==
// T query i sees keys 0..i; with queries == 1 the one query is the last position's and sees all.
constexpr Index attention_keys = 128;  // at most

struct AttentionShape {
  Index heads = 0, head_dim = 0, keys = 0, queries = 0;
  Dropout dropout;
  Index q_ld = 0, kv_ld = 0;  // of q and dq; of k, v, dk and dv
  Index width() const { return heads * head_dim; }
};

struct AttentionForward {
  AttentionShape shape;
  float* q = nullptr;  // [batch * queries, width]; the biases are added in place
  float* k = nullptr;
  float* v = nullptr;  // [batch * keys, width]
  const float* q_bias = nullptr;
  const float* k_bias = nullptr;
  const float* v_bias = nullptr;
  float* probabilities = nullptr;  // [batch, heads, queries, keys], before dropout
  float* out = nullptr;            // [batch * queries, width], contiguous
};

struct AttentionBackward {
  AttentionShape shape;
  const float* dout = nullptr;
  const float* q = nullptr;
  const float* k = nullptr;
  const float* v = nullptr;
  const float* probabilities = nullptr;
  float* dq = nullptr;
  float* dk = nullptr;
  float* dv = nullptr;
};

// Attention of single queries over keys and values that lie scattered: query i sees rows[i * keys + j] for
// j < keys, each a key [width] and its value [width] behind it. Neither has its bias: that of keys changes no
// softmax, that of values is added to their mean.
struct AttentionCached {
  Index heads = 0, head_dim = 0, keys = 0;
  float* q = nullptr;  // [queries, width]; the bias is added in place
  const float* q_bias = nullptr;
  const float* v_bias = nullptr;
  const float* const* rows = nullptr;
  float* out = nullptr;  // [queries, width]
};

struct Adamw : AdamwFactors {
  float gradient_scale = 1;  // clipping and loss scale
};

// Where 16 rows of a weight go as operands (bf16/product.h), written past the caches. Addresses are aligned
// to 64 bytes, the stride is a multiple of 16 words.
struct WeightOrders {
  std::uint32_t* forward = nullptr;  // one panel: of these rows, summed over columns
  // In the first panel of 16 columns, summed over rows: the first row's pair. Null: not wanted.
  std::uint32_t* backward = nullptr;
  Index backward_stride = 0;  // from panel to panel
};

// c [rows <= 32, 32] = a [rows, k] · b (+ c): see bf16/product.h.
using Bf16Block = void (*)(const std::uint16_t* a, Index lda, Index rows, const std::uint32_t* b,
                           Index panel_stride, Index k, float* c, Index ldc, bool accumulate);

struct Kernels {
  const char* name;
  // y[r, :] += bias + table[r mod period, :]
  void (*add_bias_table)(float* y, Index columns, const float* bias, const float* table, Index period,
                         Index begin, Index end);
  // y[r, :] += bias
  void (*add_bias)(float* y, Index columns, const float* bias, Index begin, Index end);
  // y = dropout(relu(y + bias))
  void (*relu_forward)(float* y, Index columns, const float* bias, const Dropout& dropout, Index begin,
                       Index end);
  // dy *= (y > 0) * scale, y as relu_forward left it; partial [columns] = column sums of dy
  void (*relu_backward)(float* dy, const float* y, Index columns, float scale, float* partial, Index begin,
                        Index end);
  // z += bias; y = gelu(z), exact
  void (*gelu_forward)(float* z, float* y, Index columns, const float* bias, Index begin, Index end);
  // dz = dy * gelu'(z), in place of dy; partial [columns] = column sums of dz
  void (*gelu_backward)(float* dy, const float* z, Index columns, float* partial, Index begin, Index end);
  void (*norm_forward)(const NormForward& n, Index begin, Index end);
  // partial: column sums for gamma, beta and, with dbranch, bias: [3, columns]
  void (*norm_backward)(const NormBackward& n, float* partial, Index begin, Index end);
  // begin, end: batch items
  void (*attention_forward)(const AttentionForward& a, Index begin, Index end);
  // q_partial [width]; kv_partial [2, width]: column sums of dq, dk, dv
  void (*attention_backward)(const AttentionBackward& a, float* q_partial, float* kv_partial, Index begin,
                             Index end);
  // begin, end: queries
  void (*attention_cached)(const AttentionCached& a, Index begin, Index end);
  // partial [columns] = column sums of y
  void (*column_sums)(const float* y, Index columns, float* partial, Index begin, Index end);
  // sum of squares of n values
  double (*square_sum)(const float* x, Index n);
  void (*adamw)(const Adamw& a, float* p, const float* g, float* m, float* v, Index n);

  // bfloat16 operands of products; the orders are described in bf16/product.h. "Zero" fills what lies beyond
  // the matrix.
  // to [rows, to_ld] = from, rows [begin, end)
  void (*to_bf16)(const float* from, Index ld, Index columns, std::uint16_t* to, Index to_ld, Index begin,
                  Index end);
  // Panels of 16 columns, summed over rows: row pairs [begin, end)
  void (*pair_rows)(const float* from, Index ld, Index rows, Index columns, std::uint32_t* to,
                    Index panel_stride, Index begin, Index end);
  // Both orders of 16 rows of a weight (fewer at its end); from [rows, columns] contiguous
  void (*order_rows)(const float* from, Index rows, Index columns, const WeightOrders& to);
  // adamw on such rows and order_rows of the outcome, in one pass over tiles of 32 columns
  void (*adamw_rows)(const Adamw& a, float* p, const float* g, float* m, float* v, Index rows, Index columns,
                     const WeightOrders& to);
  // to [columns, row pairs; to_ld words apart] = fromᵀ of bfloat16 values, zero up to a multiple of 32 rows:
  // blocks of 32 rows [begin, end). Up to a multiple of 16 columns are read and written.
  void (*transpose_rows)(const std::uint16_t* from, Index ld, Index rows, Index columns, std::uint32_t* to,
                         Index to_ld, Index begin, Index end);
  Bf16Block bf16_block;
  // Writes a block [rows, 32] with its first `columns` to c past the caches, for results that nobody reads
  // soon; returns the sum of their squares.
  double (*store_block)(const float* block, Index rows, Index columns, float* c, Index ldc);

  // float32 products. Panels of 16 columns each are [panels, k, 16]; what lies beyond the matrix is zero.
  // c [rows, 16 * panels] = a [rows, k] · panels (+ c); an even number of panels
  void (*fp32_block)(const float* a, Index lda, Index rows, const float* b, Index panels, Index k, float* c,
                     Index ldc, bool accumulate);
  // Panels, an even number, from columns, summed over rows
  void (*pack_columns)(const float* from, Index ld, Index rows, Index columns, float* to);
  // Panels, an even number, from rows, summed over columns
  void (*pack_rows)(const float* from, Index ld, Index rows, Index columns, float* to);
  // to [columns, to_ld] = fromᵀ: columns [begin, end) of from, begin a multiple of 16
  void (*transpose)(const float* from, Index ld, Index rows, float* to, Index to_ld, Index begin, Index end);
};

// For this CPU; RUNNER_CPU_KERNELS=generic|avx2|avx512|neon picks a lower one (tests, measurements).
const Kernels& kernels();
// Every variant that this CPU can run, the plainest first.
std::vector<const Kernels*> available_kernels();

}  // namespace runner::lvm::cpu
