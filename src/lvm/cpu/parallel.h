#pragma once
// The engine's parallel regions. Work is cut into chunks of a fixed size, whatever the number of threads, and
// sums are taken chunk by chunk in order.

#include <omp.h>

#include <cstdint>

namespace runner::lvm::cpu {

constexpr std::int64_t row_chunk = 16;  // rows of a matrix
constexpr std::int64_t item_chunk = 4;  // batch items of an attention

inline std::int64_t chunks_of(std::int64_t count, std::int64_t chunk) {
  return (count + chunk - 1) / chunk;
}

// f(chunk number, begin, end) for each chunk of [0, count).
template <class F>
void parallel_chunks(std::int64_t count, std::int64_t chunk, const F& f) {
  const std::int64_t n = chunks_of(count, chunk);
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t end = (i + 1) * chunk;
    f(i, i * chunk, end < count ? end : count);
  }
}

// The part of [0, count) that is the calling thread's in a parallel region.
struct Share {
  std::int64_t begin, end;
};
inline Share thread_share(std::int64_t count) {
  const std::int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
  return {count * thread / threads, count * (thread + 1) / threads};
}

}  // namespace runner::lvm::cpu
