#include "openmp_scan/verdict/verdict.h"

#include <algorithm>
#include <cctype>

#include "base/truth_words.h"
#include "openmp_scan/loader/search.h"

namespace runner::runtime {

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

Surroundings surroundings(const ScanOptions& options, bool macos) {
  return {variable(options.environment, "OPENBLAS_CORETYPE"),
          variable(options.environment, "OMP_DYNAMIC"),
          lower(variable(options.environment, "OMP_WAIT_POLICY")),
          options.cpu_has_avx512,
          options.under_bootstrap,
          macos};
}

bool is_llvm_family(RuntimeKind kind) {
  return kind != RuntimeKind::libgomp;
}

bool is_avx512_core(const std::string& core) {
  const std::string name = lower(core);
  return name == "skylakex" || name == "cooperlake" || name == "sapphirerapids";
}

Verdict judge(const std::vector<Runtime>& runtimes, const std::vector<BlasPool>& blas,
              const Surroundings& around) {
  const auto llvm = std::count_if(runtimes.begin(), runtimes.end(),
                                  [](const Runtime& r) { return is_llvm_family(r.kind); });
  const auto gnu = static_cast<std::ptrdiff_t>(runtimes.size()) - llvm;
  if (llvm >= 2) return Verdict::duplicate;
  if (llvm == 1 && gnu >= 1) return Verdict::mixed;
  if (gnu >= 2) return Verdict::slow;
  for (const BlasPool& pool : blas) {
    const bool own_threads = pool.threads == BlasThreads::pthread || pool.threads == BlasThreads::tbb;
    if (own_threads && !runtimes.empty()) return Verdict::slow;
    if (pool.kind != BlasKind::openblas) continue;
    if (around.cpu_has_avx512 && !around.openblas_coretype.empty() &&
        !is_avx512_core(around.openblas_coretype))
      return Verdict::slow;
    if (around.cpu_has_avx512 && !pool.knows_avx512) return Verdict::slow;
    if (pool.threads == BlasThreads::openmp && is_true(around.omp_dynamic) && !around.under_bootstrap)
      return Verdict::slow;
  }
  return runtimes.empty() ? Verdict::none : Verdict::one;
}

std::string judge_openblas_core(const std::string& core, bool cpu_has_avx512) {
  if (core.empty() || !cpu_has_avx512 || is_avx512_core(core)) return "";
  const std::string name = lower(core);
  const bool avx2 = name == "haswell" || name == "zen" || name == "excavator";
  const std::string cost =
      avx2 ? " (AVX2) on a CPU with AVX-512: half the speed (sgemm 125 against 242 GFLOP/s a core on Zen 5)"
           : ", made for CPUs without AVX2, on a CPU with AVX-512: several times slower (seen: sgemm 74 "
             "GFLOP/s on two "
             "cores of an Intel CPU with AMX, where MKL reached 411)";
  return "OpenBLAS computes with its " + core + " kernels" + cost +
         ". Either OPENBLAS_CORETYPE is set (unset it), or this OpenBLAS is too old to know the CPU "
         "(OPENBLAS_CORETYPE=SkylakeX makes it use its AVX-512 kernels)";
}

}  // namespace runner::runtime
