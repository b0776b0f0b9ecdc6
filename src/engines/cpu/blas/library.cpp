#include "engines/cpu/blas/library.h"

#include <dlfcn.h>

#include <filesystem>
#include <optional>

namespace runner::lvm::cpu {
namespace {

template <class Function>
Function find_function(void* library, const char* name) {
  return reinterpret_cast<Function>(::dlsym(library, name));
}

#ifdef __APPLE__
std::optional<Blas> find() {
  void* library = ::dlopen("/System/Library/Frameworks/Accelerate.framework/Accelerate", RTLD_LAZY);
  if (library == nullptr) return std::nullopt;
  Blas blas;
  blas.name = "Accelerate";
  blas.sgemm = find_function<Blas::Sgemm>(library, "sgemm_");
  if (blas.sgemm == nullptr) return std::nullopt;
  return blas;
}
#else
// "OpenBLAS 0.3.21 NO_LAPACK DYNAMIC_ARCH …" up to its version.
std::string version_in(const std::string& config) {
  const std::size_t space = config.find(' ');
  return space == std::string::npos ? config : config.substr(0, config.find(' ', space + 1));
}

std::optional<Blas> find() {
  Blas blas;
  blas.sgemm = find_function<Blas::Sgemm>(RTLD_DEFAULT, "sgemm_");
  Dl_info where{};
  if (blas.sgemm == nullptr || ::dladdr(reinterpret_cast<void*>(blas.sgemm), &where) == 0)
    return std::nullopt;
  blas.name = std::filesystem::path(where.dli_fname).filename();
  // The library itself and what it needs: a process may have more than one OpenMP.
  void* library = ::dlopen(where.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return blas;
  if (const auto config = find_function<const char* (*)()>(library, "openblas_get_config"))
    blas.name = version_in(config());
  constexpr int sequential = 0, openmp = 2;
  const auto kind = find_function<int (*)()>(library, "openblas_get_parallel");
  const int parallel = kind == nullptr ? -1 : kind();
  if (parallel == openmp) {
    blas.max_threads = find_function<int (*)()>(library, "omp_get_max_threads");
    blas.set_threads = find_function<void (*)(int)>(library, "omp_set_num_threads");
  }
  blas.tiles = parallel == sequential || (blas.max_threads != nullptr && blas.set_threads != nullptr);
  return blas;
}
#endif

}  // namespace

const Blas* process_blas() {
  static const std::optional<Blas> found = find();
  return found ? &*found : nullptr;
}

}  // namespace runner::lvm::cpu
