#pragma once
// The BLAS of this process: Accelerate on macOS, elsewhere the one that libtorch has brought with it. None is
// linked: a second BLAS beside libtorch's would bring threads of its own kind.

#include <string>

namespace runner::lvm::cpu {

struct Blas {
  // As Fortran declares it: columns one after the other, sizes of 32 bits.
  using Sgemm = void (*)(const char* transa, const char* transb, const int* m, const int* n, const int* k,
                         const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
                         const float* beta, float* c, const int* ldc);
  std::string name;  // "OpenBLAS 0.3.21", "Accelerate", or the library's file
  Sgemm sgemm = nullptr;
  // The OpenMP that it computes with, where it has one: how many threads the calling thread's products take.
  int (*max_threads)() = nullptr;
  void (*set_threads)(int) = nullptr;
  // One of its products can be held to the calling thread: then tiles are dealt out to the team. Else each
  // product is one call, with whatever threads the library takes.
  bool tiles = false;
};

// Found once; null where the process has none that can be called.
const Blas* process_blas();

}  // namespace runner::lvm::cpu
