#pragma once
// CPU features that the plug-ins were compiled for (RUNNER_NATIVE): a binary copied to an older CPU says
// which one is missing instead of dying by SIGILL.

#include <functional>
#include <string>
#include <vector>

namespace runner::runtime {

// The compiler's names, as the build found them: "avx2", "avx512f". Empty for a portable build.
const std::vector<std::string>& required_features();
// True when this CPU has the feature; a name that this check does not know counts as present.
bool cpu_has(const std::string& feature);
// Those of `required` that `has` denies.
std::vector<std::string> missing_features(const std::vector<std::string>& required,
                                          const std::function<bool(const std::string&)>& has);
// Throws EnvironmentError naming what is missing.
void check_native_features();

}  // namespace runner::runtime
