#include "threads/team.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "environment/bootstrap_rules.h"
#include "environment/cpu_limits.h"
#include "threads/tile_share.h"

namespace runner::team {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int most_threads = 1024;
// Longer than most waits between two jobs of a training step, shorter than what a sleep and a wake-up cost
// twice.
constexpr auto spin_time = std::chrono::microseconds(50);

thread_local bool inside = false;  // a tile: the team is this thread's already

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits while the value is `old`, asleep when it takes longer than `spin`; returns the new value.
std::uint32_t wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old,
                              Clock::duration spin) {
  const auto until = Clock::now() + spin;
  do {
    for (int i = 0; i < 16; ++i) {
      if (const std::uint32_t now = value.load(std::memory_order_acquire); now != old) return now;
      relax();
    }
  } while (Clock::now() < until);
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

class Team {
 public:
  explicit Team(int threads) { resize(threads); }

  int size() const { return size_; }
  void resize(int threads) {
    size_ = std::clamp(threads, 1, most_threads);
    // With more threads than cores, one that spins keeps another from computing.
    spin_ = size_ > runtime::affinity_cores() ? Clock::duration::zero() : Clock::duration(spin_time);
  }

  void run(std::int64_t tiles, detail::Call call, const void* f) {
    if (tiles > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("too many tiles");
    if (tiles <= 1 || size_ == 1 || inside || taken_.exchange(true, std::memory_order_acquire)) {
      for (std::int64_t tile = 0; tile < tiles; ++tile) call(f, tile, 0);
      return;
    }
    start_threads();
    const std::uint32_t job = open(tiles, call, f);
    take_part(job, 0);
    for (std::uint32_t left; (left = left_.load(std::memory_order_acquire)) != 0;)
      wait_for_change(left_, left, spin_.load(std::memory_order_relaxed));
    std::exception_ptr error = std::exchange(error_, nullptr);
    taken_.store(false, std::memory_order_release);
    if (error) std::rethrow_exception(error);
  }

  // In the child after a fork, where the other threads are gone.
  void forget_threads() {
    started_ = 0;
    taken_ = inside;
  }

 private:
  // A system that gives no more threads gets its work done by those there are.
  void start_threads() {
    for (; started_ < size_ - 1 && !refused_; ++started_) try {
        std::thread([this, member = started_ + 1] { work(member); }).detach();
      } catch (const std::system_error& error) {
        refused_ = true;
        spdlog::warn("{} threads in place of {}: {} (`ulimit -u`, or the container's pids.max)", started_ + 1,
                     size_, error.what());
      }
  }

  std::uint32_t open(std::int64_t tiles, detail::Call call, const void* f) {
    const std::uint32_t job = job_.load(std::memory_order_relaxed) + 1;
    const int members = std::min(size_, started_ + 1);
    members_.store(members, std::memory_order_relaxed);
    call_.store(call, std::memory_order_relaxed);
    f_.store(f, std::memory_order_relaxed);
    failed_.store(false, std::memory_order_relaxed);
    left_.store(static_cast<std::uint32_t>(tiles), std::memory_order_relaxed);
    for (int i = 0; i < members; ++i)
      shares_[static_cast<std::size_t>(i)].open(job, tiles * i / members, tiles * (i + 1) / members);
    job_.store(job);  // in one order with notify's look for sleepers: else it may miss one that falls asleep
    job_.notify_all();
    return job;
  }

  // The thread's own share, then what is left of the others'. Whoever holds a tile of the job keeps it open:
  // what is read here belongs to it.
  void take_part(std::uint32_t job, int member) {
    const int members = members_.load(std::memory_order_relaxed);
    if (member >= members) return;
    inside = true;
    std::uint32_t done = 0;
    for (int i = 0; i < members; ++i) {
      TileShare& share = shares_[static_cast<std::size_t>((member + i) % members)];
      for (std::uint32_t tile; share.take(job, tile); ++done) compute(tile, member);
    }
    inside = false;
    if (done > 0 && left_.fetch_sub(done) == done) left_.notify_one();
  }

  void compute(std::uint32_t tile, int member) {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      call_.load(std::memory_order_relaxed)(f_.load(std::memory_order_relaxed), tile, member);
    } catch (...) {
      const std::lock_guard lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
      failed_.store(true, std::memory_order_relaxed);
    }
  }

  void work(int member) {
    name_thread(member);
    for (std::uint32_t job = 0;;) {
      job = wait_for_change(job_, job, spin_.load(std::memory_order_relaxed));
      take_part(job, member);
    }
  }

  static void name_thread(int member) {
    const std::string name = "team " + std::to_string(member);  // as `top -H` and a stall's stacks show it
#ifdef __linux__
    pthread_setname_np(pthread_self(), name.c_str());
#else
    pthread_setname_np(name.c_str());
#endif
  }

  int size_ = 1, started_ = 0;  // started_: besides the callers
  bool refused_ = false;
  std::atomic<Clock::duration> spin_;
  std::atomic<bool> taken_{false};
  // Of the job that is open.
  alignas(64) std::atomic<std::uint32_t> job_{0};
  std::atomic<int> members_{1};
  std::atomic<detail::Call> call_{nullptr};
  std::atomic<const void*> f_{nullptr};
  std::atomic<bool> failed_{false};
  alignas(64) std::atomic<std::uint32_t> left_{0};  // tiles
  std::mutex error_mutex_;
  std::exception_ptr error_;
  std::array<TileShare, most_threads> shares_;
};

int number_of(const char* variable) {
  const char* text = std::getenv(variable);
  return text ? runtime::detail::leading_threads(text) : 0;
}

int threads_at_first() {
  const int wanted = number_of("OMP_NUM_THREADS"), limit = number_of("OMP_THREAD_LIMIT");
  const int threads = wanted > 0 ? wanted : runtime::affinity_cores();
  return limit > 0 ? std::min(threads, limit) : threads;
}

// Never destroyed: its threads wait in it until the process is gone.
Team& the_team() {
  static Team* const team = [] {
    auto* made = new Team(threads_at_first());
    pthread_atfork(nullptr, nullptr, [] { the_team().forget_threads(); });
    return made;
  }();
  return *team;
}

}  // namespace

int size() {
  return the_team().size();
}

void resize(int threads) {
  the_team().resize(threads);
}

void detail::run(std::int64_t tiles, Call call, const void* f) {
  the_team().run(tiles, call, f);
}

}  // namespace runner::team
