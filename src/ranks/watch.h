#pragma once
// Looks after the ranks of a run: each beats in the store and looks at the next one's beats, so that a rank
// that dies, hangs or loses its link is noticed by all, whatever they are doing.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "ranks/store.h"

namespace runner::ranks {

class Watch {
 public:
  // `store`: a connection of its own. All ranks must have joined. `timeout`: seconds without a sign of a rank
  // until it counts as lost. Its thread, which a store that does not answer may hold, keeps it until leave()
  // or a failure.
  static std::shared_ptr<Watch> start(const RankPlace& place, Store store, double timeout);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // "rank 1 on HOST was lost: …" once one is; then the run is over for all.
  std::optional<std::string> failure() const;
  // Throws RunError when there is a failure: its words and the step that this rank is at.
  void check() const;
  void at_step(std::int64_t step) { step_ = step; }
  // For ranks that a library may hold for ever: NCCL while it connects, CUDA where a call waits for a kernel
  // that waits for the lost rank. One that a failure has not ended some seconds later is ended here. Throws
  // as check() does.
  void end_if_held();

  // For who was told by a library that something broke, before the watch knew: looks for the rank that is
  // silent, for at most some beats, and throws as check() does when there is one.
  void find_lost();
  // The same for a connection that broke, with the library's `complaint` as what is left to say when no rank
  // is silent: the first line of it.
  [[noreturn]] void explain(const std::exception& complaint);

  // This rank has ended with an error: the others are told, unless they are the reason. Rank 0 waits a moment
  // until they know.
  void tell_failure(const std::string& why);
  // All work is done: the others do not miss this rank any more. Rank 0 waits a moment for them, since their
  // last words go to its store.
  void leave();

 private:
  using Clock = std::chrono::steady_clock;
  Watch(const RankPlace& place, Store store, double timeout);
  void run();
  void round(double elapsed);
  void lose(int rank, const std::string& how);
  void post(const std::string& failure);
  std::string name(int rank);
  std::string how_left(int rank);
  // Rank 0: until the others have left, since their last words go to its store and its own come from there.
  void wait_for_others(double seconds);
  std::string with_step(const std::string& failure) const;

  RankPlace place_;
  double timeout_, period_;
  Store store_;
  mutable std::timed_mutex mutex_;  // over the store and what follows
  std::condition_variable_any wake_;
  std::string host_0_;
  std::string failure_;
  std::atomic<bool> ends_{false}, ends_if_held_{false};
  std::uint64_t beats_ = 0;
  std::string seen_;     // of the next rank's beats
  std::string process_;  // the next rank's
  double silent_ = 0;    // seconds for which they have not changed
  std::atomic<std::int64_t> step_{0};
  std::atomic<Clock::rep> round_began_{0};  // 0: between two rounds
};

}  // namespace runner::ranks
