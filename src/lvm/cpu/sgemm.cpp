#include "lvm/cpu/sgemm.h"

// The Fortran entry, which every BLAS has; 32-bit integers.
extern "C" void sgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k,
                       const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
                       const float* beta, float* c, const int* ldc);

namespace runner::lvm::cpu {
namespace {

// A row-major matrix is the column-major one transposed: cᵀ = op(b)ᵀ op(a)ᵀ.
void product(char trans_b, char trans_a, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
             std::int64_t lda, const float* b, std::int64_t ldb, bool accumulate, float* c,
             std::int64_t ldc) {
  if (m == 0 || n == 0) return;
  const int im = static_cast<int>(m), in = static_cast<int>(n), ik = static_cast<int>(k);
  const int ia = static_cast<int>(lda), ib = static_cast<int>(ldb), ic = static_cast<int>(ldc);
  const float one = 1, beta = accumulate ? 1.0f : 0.0f;
  sgemm_(&trans_b, &trans_a, &in, &im, &ik, &one, b, &ib, a, &ia, &beta, c, &ic);
}

}  // namespace

void sgemm_nt(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
              const float* b, std::int64_t ldb, bool accumulate, float* c, std::int64_t ldc) {
  product('T', 'N', m, n, k, a, lda, b, ldb, accumulate, c, ldc);
}

void sgemm_nn(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
              const float* b, std::int64_t ldb, bool accumulate, float* c, std::int64_t ldc) {
  product('N', 'N', m, n, k, a, lda, b, ldb, accumulate, c, ldc);
}

void sgemm_tn(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
              const float* b, std::int64_t ldb, bool accumulate, float* c, std::int64_t ldc) {
  product('N', 'T', m, n, k, a, lda, b, ldb, accumulate, c, ldc);
}

}  // namespace runner::lvm::cpu
