#include "engines/cpu/bf16/units.h"

#include <cstdlib>
#include <string>

#include "base/cpu_features.h"
#include "base/error.h"
#include "base/log.h"
#include "engines/cpu/bf16/native.h"

namespace runner::lvm::cpu {

std::vector<Bf16Unit> available_bf16_units() {
  std::vector<Bf16Unit> list{{"plain", nullptr, nullptr, kernels().bf16_block, false}};
#ifdef RUNNER_AVX512_BF16
  if (cpu_features().avx512_bf16) list.push_back({"avx512_bf16", nullptr, nullptr, bf16_block_avx512, true});
#endif
#ifdef RUNNER_AMX
  if (cpu_features().amx_bf16) list.push_back({"amx", amx_begin, amx_end, bf16_block_amx, true, true});
#endif
#ifdef RUNNER_NEON_BF16
  if (cpu_features().neon_bf16) {
    list.push_back({"bfdot", nullptr, nullptr, bf16_block_bfdot, true});
    list.push_back({"bfmmla", nullptr, nullptr, bf16_block_bfmmla, true});
  }
#endif
  return list;
}

namespace {

Bf16Unit choose() {
  const std::vector<Bf16Unit> list = available_bf16_units();
  const char* wanted = std::getenv("RUNNER_CPU_BF16");
  if (!wanted || !*wanted) return list.back();
  std::string names;
  for (const Bf16Unit& unit : list) {
    if (std::string(wanted) == unit.name) return unit;
    names += (names.empty() ? "" : ", ") + std::string(unit.name);
  }
  throw EnvironmentError(fmt::format("{}: this CPU has {}", wanted, names), "RUNNER_CPU_BF16");
}

}  // namespace

const Bf16Unit& bf16_unit() {
  static const Bf16Unit chosen = choose();
  return chosen;
}

}  // namespace runner::lvm::cpu
