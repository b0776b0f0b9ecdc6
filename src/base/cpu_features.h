#pragma once
// What this CPU, and the operating system on it, can run.

namespace runner::lvm::cpu {

struct CpuFeatures {
  bool avx2 = false;         // with FMA
  bool avx512 = false;       // F, BW, VL, DQ
  bool avx512_bf16 = false;  // products of bfloat16 pairs
  bool amx_bf16 = false;     // tile products of bfloat16; the kernel lets this process use them

  bool neon = false;       // of ARMv8, with FMA
  bool neon_bf16 = false;  // BFDOT and BFMMLA

  bool native_bf16() const { return avx512_bf16 || amx_bf16 || neon_bf16; }
};

// Found once; asking for AMX requests the process's permission for its registers from Linux.
const CpuFeatures& cpu_features();

}  // namespace runner::lvm::cpu
