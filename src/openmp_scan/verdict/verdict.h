#pragma once
// From what meets in a process to a verdict. Pure functions: everything they look at is
// passed.

#include <string>
#include <vector>

#include "openmp_scan/scan.h"

namespace runner::runtime {

struct Surroundings {
  std::string openblas_coretype;  // OPENBLAS_CORETYPE, "" when unset
  std::string omp_dynamic;        // OMP_DYNAMIC
  std::string wait_policy;        // OMP_WAIT_POLICY
  bool cpu_has_avx512 = false;
  bool under_bootstrap = true;  // the launcher overrides OMP_DYNAMIC and sets the wait policy
  bool macos = false;           // the set's files are Mach-O
};
Surroundings surroundings(const ScanOptions& options, bool macos);

// LLVM and Intel runtimes are one family: they register with each other and abort.
bool is_llvm_family(RuntimeKind kind);
Verdict judge(const std::vector<Runtime>& runtimes, const std::vector<BlasPool>& blas,
              const Surroundings& around);
// A warning when the core that a loaded OpenBLAS uses leaves this CPU's AVX-512 unused; "" when all is well.
std::string judge_openblas_core(const std::string& core, bool cpu_has_avx512);
// Cores of OpenBLAS whose kernels use AVX-512.
bool is_avx512_core(const std::string& core);

}  // namespace runner::runtime
