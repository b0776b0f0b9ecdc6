#include "base/cpu_features.h"

#include <cstddef>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace runner::lvm::cpu {
namespace {

#if defined(__x86_64__)
// Tile registers have to be asked for: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA), Linux 5.16.
bool permit_tiles() {
#if defined(__linux__)
  constexpr long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

CpuFeatures find() {
  __builtin_cpu_init();
  CpuFeatures f;
  f.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  f.avx512 = f.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (f.avx512 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) f.avx512_bf16 = (a >> 5) & 1;
  if (f.avx512 && __get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    const bool tiles = ((d >> 24) & 1) && ((d >> 22) & 1);  // AMX-TILE and AMX-BF16
    f.amx_bf16 = tiles && permit_tiles();
  }
  return f;
}
#elif defined(__aarch64__)
CpuFeatures find() {
  CpuFeatures f;
  f.neon = true;  // every 64-bit Arm has it
#if defined(__APPLE__)
  int bf16 = 0;
  std::size_t size = sizeof bf16;
  f.neon_bf16 = ::sysctlbyname("hw.optional.arm.FEAT_BF16", &bf16, &size, nullptr, 0) == 0 && bf16 != 0;
#elif defined(__linux__)
  constexpr unsigned long hwcap2_bf16 = 1UL << 14;
  f.neon_bf16 = (::getauxval(AT_HWCAP2) & hwcap2_bf16) != 0;
#endif
  return f;
}
#else
CpuFeatures find() {
  return {};
}
#endif

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures found = find();
  return found;
}

}  // namespace runner::lvm::cpu
