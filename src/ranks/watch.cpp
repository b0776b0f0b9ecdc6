#include "ranks/watch.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/last_words.h"
#include "base/log.h"
#include "ranks/process_id.h"

namespace runner::ranks {
namespace {

constexpr const char* failed = "failed";

std::string key(const char* what, int rank) {
  return fmt::format("{}/{}", what, rank);
}

// Half of what a starter waits for the others after the first failure (cli/launch_ranks.cpp).
double patience_of(double timeout) {
  return std::min(timeout, 15.0) / 2;
}

// Some beats in each timeout; no more than the store can answer when there are many ranks.
double period_of(double timeout, int ranks) {
  return std::min(timeout / 10, 0.25 * std::max(1.0, ranks / 64.0));
}

}  // namespace

Watch::Watch(const RankPlace& place, Store store, double timeout)
    : place_(place), timeout_(timeout), period_(period_of(timeout, place.size)), store_(std::move(store)) {
  host_0_ = take(*store_, key("host", 0));
  put(*store_, key("beat", place_.rank), "0");
  put(*store_, key("process", place_.rank), own_process());
}

std::shared_ptr<Watch> Watch::start(const RankPlace& place, Store store, double timeout) {
  std::shared_ptr<Watch> watch(new Watch(place, std::move(store), timeout));
  std::thread([watch] { watch->run(); }).detach();
  return watch;
}

void Watch::run() {
  auto before = Clock::now();
  std::unique_lock lock(mutex_);
  while (!ends_ && failure_.empty()) {
    const auto now = Clock::now();
    // Time in which this process was stopped, or got no core, is nobody's silence.
    const double elapsed = std::min(std::chrono::duration<double>(now - before).count(), 2 * period_);
    before = now;
    try {
      round(elapsed);
    } catch (const std::exception& error) {
      spdlog::debug("the ranks' store: {}", error.what());
      failure_ = place_.leads()
                     ? "the ranks' store of this process has failed"
                     : name(0) + ", which keeps the ranks' store, was lost: its connection is closed";
    }
    round_began_ = 0;
    wake_.wait_for(lock, std::chrono::duration<double>(period_), [this] { return ends_.load(); });
  }
  const std::chrono::duration<double> patience(patience_of(timeout_));
  if (!wake_.wait_for(lock, patience, [this] { return ends_ || !ends_if_held_; }))
    end_process(with_step(failure_) + ", and held inside CUDA or NCCL");
}

void Watch::round(double elapsed) {
  round_began_ = Clock::now().time_since_epoch().count();
  put(*store_, key("beat", place_.rank), std::to_string(++beats_));
  if (store_->check({failed})) {
    failure_ = take(*store_, failed);
    return;
  }
  const int next = (place_.rank + 1) % place_.size;
  if (next == place_.rank) return;
  if (store_->check({key("beat", next)})) {
    if (const std::string beats = take(*store_, key("beat", next)); beats != seen_) {
      seen_ = beats;
      silent_ = 0;
      return;
    }
  }
  silent_ += elapsed;
  if (process_.empty() && store_->check({key("process", next)}))
    process_ = take(*store_, key("process", next));
  const bool ended = has_ended(process_);  // looked at first: a rank that leaves says so before it ends
  const std::string left = how_left(next);
  if (left == "failed") return lose(next, "it has ended");
  if ((!ended && silent_ < timeout_ - 2 * period_) || !left.empty()) return;
  lose(next, ended ? "its process has ended"
                   : fmt::format("it has given no sign for {:.0f} s (environment.rank_timeout)", timeout_));
}

// The lock is held. "" while the rank is there, "well", "lost", or "failed": why is told for all, but where
// this process was stopped, or its link cut, while that rank gave it up.
std::string Watch::how_left(int rank) {
  return store_->check({key("left", rank)}) ? take(*store_, key("left", rank)) : "";
}

// The lock is held. Nobody waits for the rank's last words any more.
void Watch::lose(int rank, const std::string& how) {
  put(*store_, key("left", rank), "lost");
  post(fmt::format("{} was lost: {}", name(rank), how));
}

// The lock is held. The first failure that is told holds for all.
void Watch::post(const std::string& failure) {
  failure_ = failure;
  const std::vector<std::uint8_t> text(failure.begin(), failure.end());
  const auto first = store_->compareSet(failed, {}, text);
  failure_.assign(first.begin(), first.end());
}

std::string Watch::name(int rank) {
  if (rank == 0) return "rank 0 on " + host_0_;
  try {
    return fmt::format("rank {} on {}", rank, take(*store_, key("host", rank)));
  } catch (const std::exception&) {
    return fmt::format("rank {}", rank);
  }
}

std::optional<std::string> Watch::failure() const {
  const Clock::rep began = round_began_;
  const Clock::time_point since{Clock::duration(began)};
  // A store that keeps a call waiting holds the lock.
  if (began != 0 && !place_.leads() &&
      std::chrono::duration<double>(Clock::now() - since).count() > timeout_ - period_)
    return fmt::format(
        "rank 0 on {}, which keeps the ranks' store, was lost: it has given no sign for {:.0f} s "
        "(environment.rank_timeout)",
        host_0_, timeout_);
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || failure_.empty()) return std::nullopt;
  return failure_;
}

std::string Watch::with_step(const std::string& failure) const {
  return fmt::format("{}; this rank was at step {}", failure, step_.load());
}

void Watch::check() const {
  if (const auto why = failure()) throw RunError(with_step(*why));
}

void Watch::end_if_held() {
  ends_if_held_ = true;
  check();  // a failure from before
}

void Watch::find_lost() {
  const auto end = Clock::now() + std::chrono::duration<double>(std::min(timeout_, 12 * period_));
  std::vector<std::string> beats(static_cast<std::size_t>(place_.size));
  std::vector<int> silent(beats.size());
  while (Clock::now() < end) {
    check();
    if (std::unique_lock lock(mutex_, std::try_to_lock); lock && failure_.empty()) {
      try {
        for (int rank = 0; rank < place_.size; ++rank) {
          const auto i = static_cast<std::size_t>(rank);
          if (rank == place_.rank || !store_->check({key("beat", rank)})) continue;
          const std::string now = take(*store_, key("beat", rank));
          silent[i] = now == beats[i] ? silent[i] + 1 : 0;
          beats[i] = now;
          if (silent[i] < 3) continue;
          const std::string left = how_left(rank);
          if (left == "well") continue;
          lose(rank, left.empty() ? "its process has ended or its link is cut" : "it has ended");
          break;
        }
      } catch (const std::exception&) {  // the next round says what that means
      }
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(1.2 * period_));
  }
  check();
}

void Watch::explain(const std::exception& complaint) {
  find_lost();
  const std::string text = complaint.what(), line = text.substr(0, text.find('\n'));
  tell_failure("its connection to another rank broke: " + line);
  throw RunError(with_step("the connection between two ranks broke: " + line));
}

void Watch::tell_failure(const std::string& why) {
  {
    const std::unique_lock lock(mutex_, std::chrono::seconds(1));
    if (!lock) return;
    ends_ = true;
    try {
      if (failure_.empty()) post(fmt::format("{} ended: {}", name(place_.rank), why));
      put(*store_, key("left", place_.rank), "failed");
    } catch (const std::exception& error) {
      spdlog::debug("the ranks' store: {}", error.what());
      return;
    }
  }
  wait_for_others(std::min(timeout_, 3.0));
}

void Watch::leave() {
  {
    const std::unique_lock lock(mutex_, std::chrono::seconds(1));
    ends_ = true;
    try {
      put(*store_, key("left", place_.rank), "well");
    } catch (const std::exception&) {
    }
  }
  wake_.notify_all();
  wait_for_others(std::min(timeout_, 5.0));
}

void Watch::wait_for_others(double seconds) {
  if (!place_.leads()) return;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (int rank = 1; rank < place_.size && Clock::now() < end;) {
    const std::unique_lock lock(mutex_, std::chrono::seconds(1));
    if (!lock) return;
    try {
      if (store_->check({key("left", rank)}))
        ++rank;
      else
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    } catch (const std::exception&) {
      return;
    }
  }
}

}  // namespace runner::ranks
