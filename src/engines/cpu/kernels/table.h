#pragma once
// The source of one variant of the kernels. Each .cpp beside this file includes it and is compiled for its
// kind of CPU; everything but the table has internal linkage, so that no code of a higher kind can be picked
// by the linker for a lower one. For the same reason nothing here may use templates or inline functions of
// the standard library.

#include "engines/cpu/kernels.h"
#include "engines/cpu/kernels/adamw.h"
#include "engines/cpu/kernels/attention.h"
#include "engines/cpu/kernels/bf16.h"
#include "engines/cpu/kernels/fp32.h"
#include "engines/cpu/kernels/norm.h"
#include "engines/cpu/kernels/pointwise.h"
#include "engines/cpu/kernels/store.h"

#define RUNNER_KERNEL_TABLE(variant)                                                                         \
  namespace runner::lvm::cpu {                                                                               \
  extern const Kernels kernels_##variant;                                                                    \
  const Kernels kernels_##variant = {                                                                        \
      #variant,      add_bias_table, add_bias,      relu_forward,      relu_backward,      gelu_forward,     \
      gelu_backward, norm_forward,   norm_backward, attention_forward, attention_backward, attention_cached, \
      column_sums,   square_sum,     adamw,         to_bf16,           pair_rows,          order_rows,       \
      adamw_rows,    transpose_rows, bf16_block,    store_block,       fp32_block,         pack_columns,     \
      pack_rows,     transpose};                                                                             \
  }
