#pragma once
// The ranks of a run as one group: what they exchange in a step. All ranks call the same functions in the
// same order. Over Gloo on the CPU and NCCL on CUDA devices, both of libtorch's c10d.

#include <torch/torch.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ranks/rank_place.h"
#include "ranks/watch.h"
#include "ranks/wire.h"

namespace runner::ranks {

// The rows of a global batch that a rank computes: `part` rows each, but fewer or none for the last ranks.
struct Share {
  std::int64_t first = 0, count = 0, part = 0;
};
Share share_of(std::int64_t rows, int rank, int ranks);

class Group {
 public:
  virtual ~Group() = default;
  int rank() const { return place_.rank; }
  int size() const { return place_.size; }
  bool leads() const { return place_.leads(); }
  const RankPlace& place() const { return place_; }

  // mine [share.count, …], on the group's device -> [rows, …] of all ranks; share: share_of(rows, …).
  torch::Tensor gather_rows(const torch::Tensor& mine, const Share& share, std::int64_t rows);
  // Rank 0's values go to all. Contiguous, of the same size everywhere; on any device.
  virtual void broadcast(torch::Tensor values) = 0;
  std::string broadcast(const std::string& text);

  // Begins to replace `values` (contiguous float32) by their sum over ranks, in the order of ranks, beside
  // what the caller does next; finish_sums() waits.
  virtual void start_sum(torch::Tensor values) = 0;
  // Ends a step's exchange. `figures`: rank 0's go to all. Returns the sum of the squares of all values
  // summed since the last call. Takes note of stop signals: see stop_signal().
  double finish_sums(std::vector<double>& figures);
  // Adds up doubles over ranks in their order; the same result on all.
  void add_up(std::vector<double>& values);

  // For a step that is queued on a device as a whole, in place of finish_sums(): what the caller queues from
  // here on comes after all sums. The host does not wait.
  virtual void join_sums() = 0;
  // Waits for the device's current stream. Throws RunError when a rank is lost meanwhile.
  virtual void wait_for_device() = 0;
  // What such a step tells the others of this rank, and what it has heard of each.
  int own_signal() const;
  void note_signals(const float* of_ranks);

  // That asked one of the ranks to stop, as of the last step: the same on all. 0: none.
  int stop_signal() const { return stop_signal_; }
  // Operations are under way that will never end, since a rank is lost.
  bool broken() const { return broken_; }
  // Seconds that the caller has waited for others, and that sums have taken, waited for or not. Nothing where
  // a device does both in a queue with all else.
  struct Times {
    double waited = 0, summing = 0;
  };
  virtual std::optional<Times> times() const = 0;

  void at_step(std::int64_t step) { watch_->at_step(step); }
  Watch& watch() { return *watch_; }

 protected:
  Group(RankPlace place, std::shared_ptr<Watch> watch) : place_(std::move(place)), watch_(std::move(watch)) {}
  // [n, …] of each rank -> [size · n, …], in the order of ranks.
  virtual torch::Tensor gather(const torch::Tensor& mine) = 0;
  // Waits for all sums; this rank's part of the sum of squares: all ranks' added up are the whole.
  virtual double wait_for_sums() = 0;

  RankPlace place_;
  std::shared_ptr<Watch> watch_;
  std::atomic<bool> broken_{false};

 private:
  std::vector<std::vector<double>> gather_doubles(const std::vector<double>& mine);
  int stop_signal_ = 0;
};

struct GroupOptions {
  RankPlace place;
  Store store;
  std::shared_ptr<Watch> watch;
  Wire wire = Wire::fp32;
};
// What no other GPU is called, on any machine; "" for other devices.
std::string gpu_of(const torch::Device& device);
// Throws EnvironmentError where this build has no such group, RunError when ranks do not connect.
std::shared_ptr<Group> make_group(const GroupOptions& options, const torch::Device& device);

}  // namespace runner::ranks
