#include "engines/cpu/kernels.h"

#include <cstdlib>
#include <string>

#include "base/cpu_features.h"
#include "base/error.h"
#include "base/log.h"

namespace runner::lvm::cpu {

extern const Kernels kernels_generic;
#ifdef RUNNER_X86_KERNELS
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif
#ifdef RUNNER_NEON_KERNELS
extern const Kernels kernels_neon;
#endif

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> list{&kernels_generic};
#ifdef RUNNER_X86_KERNELS
  if (cpu_features().avx2) list.push_back(&kernels_avx2);
  if (cpu_features().avx512) list.push_back(&kernels_avx512);
#endif
#ifdef RUNNER_NEON_KERNELS
  if (cpu_features().neon) list.push_back(&kernels_neon);
#endif
  return list;
}

namespace {

const Kernels& choose() {
  const std::vector<const Kernels*> list = available_kernels();
  const char* wanted = std::getenv("RUNNER_CPU_KERNELS");
  if (!wanted || !*wanted) return *list.back();
  std::string names;
  for (const Kernels* k : list) {
    if (std::string_view(wanted) == k->name) return *k;
    names += (names.empty() ? "" : ", ") + std::string(k->name);
  }
  throw EnvironmentError(fmt::format("{}: this CPU has {}", wanted, names), "RUNNER_CPU_KERNELS");
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

}  // namespace runner::lvm::cpu
