// Ranks on CUDA devices, over NCCL. Its sums have a fixed order for the same ranks on the same machine.
#include "ranks/nccl_group.h"

#include "base/error.h"

#if defined(RUNNER_NCCL)
#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include <chrono>
#include <thread>

#include "base/time.h"
#endif

namespace runner::ranks {
#if defined(RUNNER_NCCL)
namespace {

using Clock = std::chrono::steady_clock;

class NcclGroup final : public Group {
 public:
  NcclGroup(const GroupOptions& options, const torch::Device& device)
      : Group(options.place, options.watch), wire_(options.wire), device_(device) {
    const c10::cuda::CUDAGuard guard(device_);
    const auto nccl = c10d::ProcessGroupNCCL::Options::create();
    nccl->timeout = std::chrono::hours(24 * 30);  // the watch says when a rank is lost
    group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(options.store, options.place.rank,
                                                         options.place.size, nccl);
  }

  ~NcclGroup() override {
    if (broken_) static_cast<void>(group_.release());
  }

  void broadcast(torch::Tensor values) override {
    std::vector<torch::Tensor> list{values.to(device_)};
    group_->broadcast(list)->wait();
    if (!values.is_cuda()) values.copy_(list[0]);
    wait_for_stream();
  }

  void start_sum(torch::Tensor values) override {
    Sum sum{values, wire_ == Wire::bf16 ? values.to(torch::kBFloat16) : values, {}};
    std::vector<torch::Tensor> list{sum.sent};
    sum.work = group_->allreduce(list);
    sums_.push_back(std::move(sum));
  }

  Times times() const override { return {waited_, waited_}; }

 protected:
  torch::Tensor gather(const torch::Tensor& mine) override {
    torch::Tensor from = mine.to(device_);
    auto shape = mine.sizes().vec();
    shape[0] *= size();
    torch::Tensor all = torch::empty(shape, from.options());
    group_->_allgather_base(all, from)->wait();
    if (mine.is_cuda()) return all;
    wait_for_stream();
    return all.cpu();
  }

  double wait_for_sums() override {
    torch::Tensor squares = torch::zeros({}, torch::TensorOptions(device_).dtype(torch::kFloat64));
    for (const Sum& sum : sums_) {
      sum.work->wait();
      if (wire_ == Wire::bf16) sum.values.copy_(sum.sent);
      squares += sum.values.norm().to(torch::kFloat64).square();
    }
    sums_.clear();
    wait_for_stream();
    return leads() ? squares.item<double>() : 0;  // every rank has the whole
  }

 private:
  struct Sum {
    torch::Tensor values, sent;
    c10::intrusive_ptr<c10d::Work> work;
  };

  // As cudaStreamSynchronize, but for a rank that is lost.
  void wait_for_stream() {
    const auto start = Clock::now();
    at::cuda::CUDAEvent done;
    done.record(c10::cuda::getCurrentCUDAStream(device_.index()));
    while (!done.query()) {
      const double waited = seconds_since(start);
      if (waited > 0.01) std::this_thread::sleep_for(std::chrono::microseconds(50));
      if (waited < 0.05) continue;
      try {
        watch_->check();
      } catch (const RunError&) {
        broken_ = true;
        throw;
      }
    }
    waited_ += seconds_since(start);
  }

  const Wire wire_;
  const torch::Device device_;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
  std::vector<Sum> sums_;
  double waited_ = 0;
  bool broken_ = false;
};

}  // namespace

std::shared_ptr<Group> make_nccl_group(const GroupOptions& options, const torch::Device& device) {
  return std::make_shared<NcclGroup>(options, device);
}
#else
std::shared_ptr<Group> make_nccl_group(const GroupOptions&, const torch::Device&) {
  throw EnvironmentError(
      "this build knows no ranks on CUDA devices: libtorch or NCCL's headers were without it", "device");
}
#endif

}  // namespace runner::ranks
