#include "environment/native_features.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::runtime {

const std::vector<std::string>& required_features() {
  static const std::vector<std::string> features = {
#include "native_features.inc"
  };
  return features;
}

bool cpu_has(const std::string& feature) {
#if defined(__x86_64__) || defined(__i386__)
  // __builtin_cpu_supports takes literals only.
#define RUNNER_FEATURE(name) \
  if (feature == name) return __builtin_cpu_supports(name) != 0
  RUNNER_FEATURE("sse3");
  RUNNER_FEATURE("ssse3");
  RUNNER_FEATURE("sse4.1");
  RUNNER_FEATURE("sse4.2");
  RUNNER_FEATURE("popcnt");
  RUNNER_FEATURE("avx");
  RUNNER_FEATURE("avx2");
  RUNNER_FEATURE("fma");
  RUNNER_FEATURE("bmi");
  RUNNER_FEATURE("bmi2");
  RUNNER_FEATURE("avx512f");
  RUNNER_FEATURE("avx512bw");
  RUNNER_FEATURE("avx512dq");
  RUNNER_FEATURE("avx512vl");
  RUNNER_FEATURE("avx512cd");
  RUNNER_FEATURE("avx512ifma");
  RUNNER_FEATURE("avx512vbmi");
  RUNNER_FEATURE("avx512vbmi2");
  RUNNER_FEATURE("avx512vnni");
  RUNNER_FEATURE("avx512bitalg");
  RUNNER_FEATURE("avx512vpopcntdq");
#undef RUNNER_FEATURE
#endif
  static_cast<void>(feature);
  return true;
}

std::vector<std::string> missing_features(const std::vector<std::string>& required,
                                          const std::function<bool(const std::string&)>& has) {
  std::vector<std::string> missing;
  for (const std::string& feature : required)
    if (!has(feature)) missing.push_back(feature);
  return missing;
}

void check_native_features() {
  const auto missing = missing_features(required_features(), cpu_has);
  if (missing.empty()) return;
  throw EnvironmentError(
      fmt::format("this runner was built for a CPU with {}, which this one lacks; build it here, or "
                  "with -DRUNNER_NATIVE=OFF for any CPU",
                  fmt::join(missing, ", ")),
      "CPU");
}

}  // namespace runner::runtime
