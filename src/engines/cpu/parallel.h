#pragma once
// How the engine cuts its work: into chunks of a fixed size, whatever the number of threads. Sums are taken
// chunk by chunk, in order.

#include <cstdint>

#include "threads/team.h"

namespace runner::lvm::cpu {

constexpr std::int64_t row_chunk = 16;  // rows of a matrix
constexpr std::int64_t item_chunk = 4;  // batch items of an attention

using team::chunks_of;
using team::run_chunks;

}  // namespace runner::lvm::cpu
