#pragma once
// Single-precision products of row-major matrices, by the BLAS that libtorch has loaded as well, with its
// threads.

#include <cstdint>

namespace runner::lvm::cpu {

// c [m, n] = a [m, k] · b [n, k]ᵀ (+ c)
void sgemm_nt(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
              const float* b, std::int64_t ldb, bool accumulate, float* c, std::int64_t ldc);
// c [m, n] = a [m, k] · b [k, n] (+ c)
void sgemm_nn(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
              const float* b, std::int64_t ldb, bool accumulate, float* c, std::int64_t ldc);
// c [m, n] = a [k, m]ᵀ · b [k, n] (+ c)
void sgemm_tn(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
              const float* b, std::int64_t ldb, bool accumulate, float* c, std::int64_t ldc);

}  // namespace runner::lvm::cpu
