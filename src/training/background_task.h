#pragma once
// One task at a time beside the training loop: writing what a step has copied. A failure is thrown where the
// loop next asks.

#include <chrono>
#include <functional>
#include <future>

namespace runner::lvm {

class BackgroundTask {
 public:
  ~BackgroundTask() {
    if (running_.valid()) running_.wait();
  }
  bool busy() const {
    return running_.valid() && running_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  }
  // Waits for the task before, then starts this one.
  void start(std::function<void()> task) {
    finish();
    // Moved out, so that what the task holds goes when it is done and not when the next one starts.
    running_ = std::async(std::launch::async, [held = std::move(task)]() mutable {
      const std::function<void()> run = std::move(held);
      run();
    });
  }
  // Waits; rethrows what the task threw.
  void finish() {
    if (running_.valid()) running_.get();
  }

 private:
  std::future<void> running_;
};

}  // namespace runner::lvm
