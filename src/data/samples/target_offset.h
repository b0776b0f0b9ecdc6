#pragma once
// How many rows after the context's last one the target lies, where nobody says it. Two defaults, as two jobs
// ask two questions (docs/lvm.md, Data).

#include <cstdint>

namespace runner::data {

// The classic next vector: how `sequences` cuts windows, as the old tools did, and what a model predicts that
// does not tell its training (a bare .pt).
constexpr std::int64_t next_vector_offset = 1;

// P6: what `train` learns. A model that copies its last input scores well on the next vector, and not on this
// one.
constexpr std::int64_t p6_offset = 2;

}  // namespace runner::data
