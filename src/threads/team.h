#pragma once
// The threads that our own kernels compute with. A job is cut into tiles; each thread begins with a share of
// its own, so that what it has in its caches is used again, and then takes what is left of the others'
// shares: a thread whose core was given to somebody else holds up one tile and no more. Who waits spins for
// some microseconds and then sleeps: a thread that waits for long leaves its core to who computes on it.
//
// What a tile computes must not depend on who computes it, nor when: then results have the same bits for
// every number of threads.

#include <cstdint>
#include <type_traits>

namespace runner::team {

// Threads of a job, the calling one included. At first OMP_NUM_THREADS, which the bootstrap has decided, or,
// where it is unset, the cores that this process may use; never more than OMP_THREAD_LIMIT.
int size();
// From 1. Not while a job runs.
void resize(int threads);

namespace detail {
using Call = void (*)(const void* f, std::int64_t tile, int member);
void run(std::int64_t tiles, Call call, const void* f);
}  // namespace detail

// Calls f(tile), or f(tile, member), once for each tile of [0, tiles), tiles < 2³². member: 0 to size() - 1,
// of two calls at the same time never the same one: for memory of its own. Returns when all are done; what a
// tile throws is thrown again here, after which the tiles not yet begun are left out.
//
// A call from inside a tile, or while another thread's job runs, computes its tiles by itself, in order.
template <class F>
void run(std::int64_t tiles, const F& f) {
  const auto call = [](const void* body, std::int64_t tile, int member) {
    const F& function = *static_cast<const F*>(body);
    if constexpr (std::is_invocable_v<const F&, std::int64_t, int>)
      function(tile, member);
    else
      function(tile);
  };
  detail::run(tiles, call, &f);
}

inline std::int64_t chunks_of(std::int64_t count, std::int64_t chunk) {
  return (count + chunk - 1) / chunk;
}

// f(chunk number, begin, end), a tile for each chunk of [0, count).
template <class F>
void run_chunks(std::int64_t count, std::int64_t chunk, const F& f) {
  run(chunks_of(count, chunk), [&](std::int64_t i) {
    const std::int64_t end = (i + 1) * chunk;
    f(i, i * chunk, end < count ? end : count);
  });
}

}  // namespace runner::team
