#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace runner::team {

// What is left of a thread's share of a job's tiles. The job's number lies beside the next tile, so that a
// thread that comes late, with the number of a job that is over, cannot take a tile of the one after it.
class alignas(64) TileShare {
 public:
  // Tiles [first, last), last < 2³². First closed for the job before: its number and its last tile beside
  // this job's end would look like a tile that is left.
  void open(std::uint32_t job, std::int64_t first, std::int64_t last) {
    next_.store(std::uint64_t{job} << 32 | nothing_left, std::memory_order_relaxed);
    end_.store(static_cast<std::uint32_t>(last), std::memory_order_release);
    next_.store(std::uint64_t{job} << 32 | static_cast<std::uint64_t>(first), std::memory_order_release);
  }

  // False when nothing is left, or the share is another job's by now.
  bool take(std::uint32_t job, std::uint32_t& tile) {
    std::uint64_t at = next_.load(std::memory_order_acquire);
    do {
      tile = static_cast<std::uint32_t>(at);
      if (at >> 32 != job || tile >= end_.load(std::memory_order_acquire)) return false;
    } while (!next_.compare_exchange_weak(at, at + 1, std::memory_order_acq_rel, std::memory_order_acquire));
    return true;
  }

 private:
  static constexpr std::uint32_t nothing_left = std::numeric_limits<std::uint32_t>::max();
  std::atomic<std::uint64_t> next_{0};  // job << 32 | tile
  std::atomic<std::uint32_t> end_{0};
};

}  // namespace runner::team
