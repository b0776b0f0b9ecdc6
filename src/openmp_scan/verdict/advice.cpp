#include "openmp_scan/verdict/advice.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <set>

#include "base/truth_words.h"

namespace runner::runtime {

namespace {

std::string name_of(const Runtime& r) {
  return fmt::format("{} {}{}", to_string(r.kind), r.path, r.is_static ? " (linked in)" : "");
}

std::string list(const std::vector<Runtime>& runtimes, bool llvm, bool gnu) {
  std::string text;
  for (const Runtime& r : runtimes) {
    if (is_llvm_family(r.kind) ? !llvm : !gnu) continue;
    text += (text.empty() ? "" : " and ") + name_of(r);
  }
  return text;
}

bool from_python(const ScanResult& result) {
  const auto is_package = [](const std::string& path) {
    return path.find("-packages/") != std::string::npos || path.find(".cpython-") != std::string::npos ||
           path.find(".abi3.") != std::string::npos;
  };
  for (const Runtime& r : result.runtimes)
    if (is_package(r.path) || std::any_of(r.needed_by.begin(), r.needed_by.end(), is_package)) return true;
  return std::any_of(result.members.begin(), result.members.end(), is_package);
}

// The ways to one runtime, or to one a process.
std::string separation(const ScanResult& result) {
  std::string fix =
      "fix: keep the libraries in separate processes (`environment.openmp: isolate` does so for jobs)";
  if (from_python(result))
    fix +=
        ", or install the packages from one source that shares a runtime: `conda install -c conda-forge "
        "pytorch "
        "faiss-cpu scikit-learn numba`; numba needs none with `export NUMBA_THREADING_LAYER=workqueue`";
  for (const Runtime& r : result.runtimes)
    if (r.preloaded)
      fix += fmt::format("; leave {} out of {}", r.path,
                         r.path.ends_with(".dylib") ? "DYLD_INSERT_LIBRARIES" : "LD_PRELOAD");
  return fix;
}

void advise_duplicate(const ScanResult& result, std::vector<std::string>& advice) {
  std::set<std::string> names;
  std::size_t copies = 0;
  for (const Runtime& r : result.runtimes) {
    if (!is_llvm_family(r.kind)) continue;
    ++copies;
    names.insert(leaf(r.path));
  }
  advice.push_back(
      fmt::format("{} LLVM/Intel OpenMP runtimes meet: {}. The second to start aborts the process: `OMP: "
                  "Error #15`, SIGABRT (exit "
                  "134). With KMP_DUPLICATE_LIB_OK=TRUE it goes on, but the copies can corrupt each other, "
                  "deadlock or hang MPS",
                  copies, list(result.runtimes, true, false)));
  if (names.size() < copies)
    advice.push_back(
        "the same library comes twice: files of one name in two folders, loaded by path or by @rpath. fix: "
        "let all of them ask for one file, by its soname or one @rpath");
  advice.push_back(separation(result) + "; as a seat belt only: `runner exec -- COMMAND`");
}

void advise_mixed(const ScanResult& result, std::vector<std::string>& advice) {
  advice.push_back(
      fmt::format("libgomp and LLVM/Intel OpenMP meet: {}. It runs, but each keeps a pool of threads: more "
                  "threads than cores when "
                  "both compute, and values of one API (omp_set_num_threads) reach only one of them",
                  list(result.runtimes, true, true)));
  advice.push_back(separation(result) +
                   "; else halve the threads: `OMP_NUM_THREADS=N OMP_WAIT_POLICY=passive COMMAND`");
}

void advise_copies_of_gomp(const ScanResult& result, std::vector<std::string>& advice) {
  const auto gnu = std::count_if(result.runtimes.begin(), result.runtimes.end(),
                                 [](const Runtime& r) { return r.kind == RuntimeKind::libgomp; });
  if (gnu < 2) return;
  advice.push_back(
      fmt::format("{} copies of libgomp meet: {}. Nothing aborts; each keeps its own threads, which spin for "
                  "work and starve each "
                  "other. fix: `OMP_WAIT_POLICY=passive` (`runner exec -- COMMAND` sets it), or packages "
                  "that share libgomp.so.1 "
                  "(Debian's, conda-forge's)",
                  gnu, list(result.runtimes, false, true)));
}

std::string second_pools(const ScanResult& result) {
  std::string text;
  for (const BlasPool& pool : result.blas)
    if (pool.kind == BlasKind::openblas && pool.threads == BlasThreads::pthread)
      text += (text.empty() ? "" : ", ") + pool.path;
  return text;
}

void advise_openblas(const ScanResult& result, bool macos, std::vector<std::string>& advice) {
  const std::string pools = second_pools(result);
  if (pools.empty() || result.runtimes.empty()) return;
  const bool debian = pools.starts_with("/usr/lib/") && !macos;
  advice.push_back(fmt::format(
      "OpenBLAS with threads of its own ({}) shares the process with OpenMP: pools that spin for work starve "
      "each other, "
      "2 to 3 times slower (measured with libgomp on 2 cores: a trainer at 59 samples/s, 164 with the OpenMP "
      "build of "
      "OpenBLAS; OMP_WAIT_POLICY=passive made 194 of 87). fix: {}",
      pools,
      debian
          ? "`sudo apt-get install libopenblas0-openmp`, and if need be `sudo update-alternatives --config "
            "libblas.so.3-$(dpkg-architecture -qDEB_HOST_MULTIARCH)`"
          : "`OMP_WAIT_POLICY=passive` (`runner exec -- COMMAND` sets it), or OPENBLAS_NUM_THREADS=1"));
}

void advise_mkl(const ScanResult& result, std::vector<std::string>& advice) {
  for (const BlasPool& pool : result.blas) {
    if (pool.kind != BlasKind::mkl || result.runtimes.empty()) continue;
    if (pool.threads == BlasThreads::tbb)
      advice.push_back(
          fmt::format("MKL with TBB threads ({}) beside OpenMP: two pools. fix: `MKL_THREADING_LAYER=GNU` "
                      "with libgomp, INTEL with "
                      "libiomp5",
                      pool.path));
    if (pool.threads == BlasThreads::chosen_at_run_time)
      advice.push_back(
          fmt::format("{} chooses its threads when it starts, libiomp5 unless told otherwise. fix: "
                      "`MKL_THREADING_LAYER=GNU` in a "
                      "process with libgomp",
                      pool.path));
  }
}

void advise_environment(const ScanResult& result, const Surroundings& around,
                        std::vector<std::string>& advice) {
  const auto openblas = std::find_if(result.blas.begin(), result.blas.end(),
                                     [](const BlasPool& p) { return p.kind == BlasKind::openblas; });
  if (openblas == result.blas.end()) return;
  if (around.cpu_has_avx512 && !around.openblas_coretype.empty() && !is_avx512_core(around.openblas_coretype))
    advice.push_back(
        fmt::format("OPENBLAS_CORETYPE={} makes OpenBLAS run AVX2 kernels on a CPU with AVX-512: half the "
                    "speed (measured: sgemm 125 "
                    "instead of 242 GFLOP/s a core, training 206 instead of 281 samples/s). fix: `unset "
                    "OPENBLAS_CORETYPE`",
                    around.openblas_coretype));
  else if (around.cpu_has_avx512 && !openblas->knows_avx512)
    advice.push_back(fmt::format(
        "{} holds no AVX-512 kernels and this CPU has AVX-512: about half the speed. fix: a newer "
        "OpenBLAS, built with DYNAMIC_ARCH",
        openblas->path));
  const bool on = is_true(around.omp_dynamic);
  if (on && openblas->threads == BlasThreads::openmp)
    advice.push_back(fmt::format(
        "OMP_DYNAMIC={} with the OpenMP build of OpenBLAS hangs in sgemm: it waits for threads that libgomp "
        "did not start. "
        "{}",
        around.omp_dynamic,
        around.under_bootstrap ? "The launcher overrides it for jobs" : "fix: `unset OMP_DYNAMIC`"));
}

}  // namespace

std::vector<std::string> advise(const ScanResult& result, const Surroundings& around) {
  std::vector<std::string> advice;
  if (result.verdict == Verdict::duplicate) advise_duplicate(result, advice);
  const bool llvm = std::any_of(result.runtimes.begin(), result.runtimes.end(),
                                [](const Runtime& r) { return is_llvm_family(r.kind); });
  const bool gnu = std::any_of(result.runtimes.begin(), result.runtimes.end(),
                               [](const Runtime& r) { return r.kind == RuntimeKind::libgomp; });
  if (llvm && gnu) advise_mixed(result, advice);
  advise_copies_of_gomp(result, advice);
  advise_openblas(result, around.macos, advice);
  advise_mkl(result, advice);
  advise_environment(result, around, advice);
  return advice;
}

}  // namespace runner::runtime
