#pragma once
// Inside runtime/ only: the rows of the bootstrap's table, grouped by what they are about.

#include "environment/bootstrap.h"

namespace runner::runtime::detail {

struct Inputs {
  const Environment& inherited;
  const BootstrapOptions& options;
  const BootstrapFacts& facts;

  // The user's value; nothing when unset or empty (an empty value counts as unset for every library here).
  std::optional<std::string> value(const std::string& name) const;
  bool keeps(const std::string& name) const;  // listed in environment.keep
};

// `name` gets `value` unless the user has set it. `contradiction` is the warning when the user's value is
// another.
Decision prefer(const Inputs& in, const std::string& name, const std::string& value,
                const std::string& reason, const std::string& contradiction = "");

// OpenMP and OpenBLAS read yes and no in several spellings.
// The first number of "4" or "4,2,1"; 0 when there is none.
int leading_threads(const std::string& text);

void decide_openmp(const Inputs& in,
                   std::vector<Decision>& out);                  // seat belt, OMP_DYNAMIC, wait policy, numba
void decide_blas(const Inputs& in, std::vector<Decision>& out);  // OpenBLAS kernels: judged, never set
void decide_device(const Inputs& in, std::vector<Decision>& out);  // MPS
void decide_malloc(const Inputs& in, std::vector<Decision>& out);  // large blocks stay with the process

}  // namespace runner::runtime::detail
