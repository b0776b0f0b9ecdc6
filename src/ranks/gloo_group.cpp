// Ranks on CPUs, over Gloo. Gradients are summed by an exchange of our own order: each rank gets its piece
// from all, adds it up in the order of ranks, and gives the sum to all. The traffic is that of a ring; the
// bits depend on neither arrival nor ring.
#include "ranks/gloo_group.h"

#include "base/error.h"
#include "base/log.h"

#ifdef RUNNER_GLOO
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include <chrono>
#include <deque>
#include <future>
#include <thread>

#include "base/time.h"
#include "ranks/address.h"
#endif

namespace runner::ranks {
#ifdef RUNNER_GLOO
namespace {

using Clock = std::chrono::steady_clock;
using Pending = c10::intrusive_ptr<c10d::ProcessGroupGloo>;

torch::Tensor bytes(std::int64_t count) {
  return torch::empty({count}, torch::kUInt8);
}

class GlooGroup final : public Group {
 public:
  GlooGroup(const GroupOptions& options, Pending group)
      : Group(options.place, options.watch), wire_(options.wire), group_(std::move(group)) {
    thread_ = std::thread([this] { run(); });
  }

  ~GlooGroup() override {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
    // With an operation under way that will never end, c10d's destructor would wait for it.
    if (broken_) static_cast<void>(group_.release());
  }

  void broadcast(torch::Tensor values) override {
    const auto start = Clock::now();
    std::vector<torch::Tensor> list{values.is_cpu() ? values : values.cpu()};
    wait(group_->broadcast(list));
    if (!values.is_cpu()) values.copy_(list[0]);
    waited_ += seconds_since(start);
  }

  void start_sum(torch::Tensor values) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(values));
    ++open_;
    changed_.notify_all();
  }

  void join_sums() override {
    const auto start = Clock::now();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_ == 0 || error_; });
    waited_ += seconds_since(start);
    if (error_) std::rethrow_exception(error_);
  }

  void wait_for_device() override {}  // nothing is queued

  std::optional<Times> times() const override { return Times{waited_, summing_}; }

 protected:
  torch::Tensor gather(const torch::Tensor& mine) override {
    const auto start = Clock::now();
    auto shape = mine.sizes().vec();
    shape[0] *= size();
    torch::Tensor all = torch::empty(shape, mine.options());
    if (mine.numel() > 0) {
      // Gloo knows few types: bytes.
      const std::int64_t block = mine.numel() * static_cast<std::int64_t>(mine.element_size());
      const torch::Tensor from = torch::from_blob(mine.data_ptr(), {block}, torch::kUInt8);
      all_gather(from, torch::from_blob(all.data_ptr(), {size(), block}, torch::kUInt8));
    }
    waited_ += seconds_since(start);
    return all;
  }

  double wait_for_sums() override {
    join_sums();
    const std::lock_guard lock(mutex_);
    const double squares = squares_;
    squares_ = 0;
    return squares;
  }

 private:
  // mine [n] -> all [size, n].
  void all_gather(const torch::Tensor& mine, const torch::Tensor& all) {
    std::vector<std::vector<torch::Tensor>> outputs{all.unbind(0)};
    std::vector<torch::Tensor> inputs{mine};
    wait(group_->allgather(outputs, inputs));
  }

  // Until it is done, or the watch says that it never will be.
  void wait(const c10::intrusive_ptr<c10d::Work>& work) {
    const auto start = Clock::now();
    try {
      while (!work->isCompleted()) {
        const double waited = seconds_since(start);
        std::this_thread::sleep_for(std::chrono::microseconds(waited < 0.002 ? 20
                                                              : waited < 0.1 ? 100
                                                                             : 1000));
        if (ends_) throw RunError("this rank ends in the middle of an exchange");
        if (waited > 0.05) watch_->check();
      }
    } catch (const RunError&) {
      broken_ = true;
      throw;
    }
    if (work->isSuccess()) return;
    broken_ = true;
    try {
      std::rethrow_exception(work->exception());
    } catch (const std::exception& error) {
      watch_->explain(error);
    }
  }

  // The thread that sums.
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return ends_ || (!queue_.empty() && !error_); });
      if (ends_) return;
      const torch::Tensor values = queue_.front();
      queue_.pop_front();
      lock.unlock();
      const auto start = Clock::now();
      double squares = 0;
      std::exception_ptr error;
      try {
        squares = sum(values);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      summing_ += seconds_since(start);
      squares_ += squares;
      error_ = error;
      --open_;
      changed_.notify_all();
    }
  }

  // Replaces the values by their sum; the squares of this rank's piece of it.
  double sum(const torch::Tensor& values) {
    float* data = values.data_ptr<float>();
    const std::int64_t count = values.numel(), piece = (count + size() - 1) / size();
    const std::int64_t block = piece * static_cast<std::int64_t>(bytes_of(wire_));
    grow(send_, block * size());
    grow(received_, block * size());
    if (sum_.numel() < piece) sum_ = torch::empty({piece});
    const Share mine = share_of(count, rank(), size());
    encode(wire_, data, count, send_.data_ptr());
    torch::Tensor out = received_.narrow(0, 0, block * size()), in = send_.narrow(0, 0, block * size());
    std::vector<std::int64_t> even;
    wait(group_->alltoall_base(out, in, even, even));
    float* total = sum_.data_ptr<float>();
    sum_in_order(wire_, received_.data_ptr(), piece, size(), mine.count, total);
    encode(wire_, total, mine.count, send_.data_ptr());
    decode(wire_, send_.data_ptr(), mine.count, total);  // as all others get it
    all_gather(send_.narrow(0, 0, block), out.view({size(), block}));
    decode(wire_, received_.data_ptr(), count, data);
    return square_sum(total, mine.count);
  }

  static void grow(torch::Tensor& buffer, std::int64_t count) {
    if (!buffer.defined() || buffer.numel() < count) buffer = bytes(count);
  }

  const Wire wire_;
  Pending group_;
  torch::Tensor send_, received_, sum_ = torch::empty({0});
  std::atomic<bool> ends_{false};
  double waited_ = 0;
  std::mutex mutex_;  // over what follows
  std::condition_variable changed_;
  std::deque<torch::Tensor> queue_;
  std::int64_t open_ = 0;
  double squares_ = 0, summing_ = 0;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace

std::shared_ptr<Group> make_gloo_group(const GroupOptions& options) {
  // How long an operation may take is the watch's to say: rank 0 may write a file of any size.
  const auto gloo = c10d::ProcessGroupGloo::Options::create(std::chrono::hours(24 * 30));
  gloo->devices = {
      c10d::ProcessGroupGloo::createDeviceForHostname(own_address_toward(options.place.address))};
  gloo->threads = 2;
  // Connecting waits as long: in a thread of its own, which is left behind when a rank is lost meanwhile.
  std::packaged_task<Pending()> connect([options, gloo] {
    return c10::make_intrusive<c10d::ProcessGroupGloo>(options.store, options.place.rank, options.place.size,
                                                       gloo);
  });
  std::future<Pending> group = connect.get_future();
  std::thread(std::move(connect)).detach();
  while (group.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready) options.watch->check();
  try {
    return std::make_shared<GlooGroup>(options, group.get());
  } catch (const std::exception& error) {
    options.watch->explain(error);
  }
}
#else
std::shared_ptr<Group> make_gloo_group(const GroupOptions&) {
  throw EnvironmentError(
      "this build knows no ranks on the CPU: Gloo's headers were missing (Debian: libgloo-dev)", "device");
}
#endif

}  // namespace runner::ranks
