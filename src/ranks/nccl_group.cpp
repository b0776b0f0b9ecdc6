// Ranks on CUDA devices, over NCCL. Gradients are summed as over Gloo, by an exchange of our own order:
// NCCL's all-reduce has as many orders as it has algorithms, and adds up bf16 in bf16.
#include "ranks/nccl_group.h"

#include "base/error.h"
#include "base/log.h"

#if defined(RUNNER_NCCL)
#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#include <ATen/cuda/CUDAContextLight.h>
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include <chrono>
#include <map>
#include <thread>
#include <type_traits>

#include "base/time.h"
#endif

namespace runner::ranks {
#if defined(RUNNER_NCCL)
namespace {

using Clock = std::chrono::steady_clock;

// Everything is queued on the device: sums on a stream of their own, beside what the caller queues. All of it
// can be captured in a CUDA graph, for which buffers are never freed.
class NcclGroup final : public Group {
 public:
  NcclGroup(const GroupOptions& options, const torch::Device& device)
      : Group(options.place, options.watch),
        wire_(options.wire),
        device_(device),
        side_(c10::cuda::getStreamFromPool(true, device.index())) {
    watch_->end_if_held();
    const c10::cuda::CUDAGuard guard(device_);
    const auto nccl = c10d::ProcessGroupNCCL::Options::create(/*is_high_priority_stream=*/true);
    nccl->timeout = std::chrono::hours(24 * 30);  // the watch says when a rank is lost
    group_ = guarded([&] {
      return c10::make_intrusive<c10d::ProcessGroupNCCL>(options.store, options.place.rank,
                                                         options.place.size, nccl);
    });
  }

  ~NcclGroup() override {
    if (broken_) static_cast<void>(group_.release());
  }

  void broadcast(torch::Tensor values) override {
    std::vector<torch::Tensor> list{values.to(device_)};
    exchange([&] { return group_->broadcast(list); });
    wait_for_device();
    if (!values.is_cuda()) values.copy_(list[0]);
  }

  void start_sum(torch::Tensor values) override {
    if (size() > 1) {
      at::cuda::CUDAEvent ready;
      ready.record(current());
      const c10::cuda::CUDAStreamGuard guard(side_);
      ready.block(side_);
      sum(values);
    }
    summed_.push_back(std::move(values));
  }

  void join_sums() override {
    if (size() > 1 && !summed_.empty()) {
      at::cuda::CUDAEvent done;
      done.record(side_);
      done.block(current());
    }
    summed_.clear();
  }

  // As cudaStreamSynchronize, but for a rank that is lost.
  void wait_for_device() override {
    const auto start = Clock::now();
    at::cuda::CUDAEvent done;
    done.record(current());
    while (!guarded([&] { return done.query(); })) {
      const double waited = seconds_since(start);
      if (waited < 0.05) continue;  // a step's time: to sleep would cost more of it than the core is worth
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      try {
        watch_->check();
      } catch (const RunError&) {
        broken_ = true;
        throw;
      }
    }
  }

  std::optional<Times> times() const override { return std::nullopt; }

 protected:
  torch::Tensor gather(const torch::Tensor& mine) override {
    torch::Tensor from = mine.to(device_);
    auto shape = mine.sizes().vec();
    shape[0] *= size();
    torch::Tensor all = torch::empty(shape, from.options());
    exchange([&] { return group_->_allgather_base(all, from); });
    if (mine.is_cuda()) return all;
    wait_for_device();
    return all.cpu();
  }

  double wait_for_sums() override {
    const std::vector<torch::Tensor> summed = summed_;
    join_sums();
    torch::Tensor squares = torch::zeros({}, torch::TensorOptions(device_).dtype(torch::kFloat64));
    for (const torch::Tensor& values : summed) squares += values.norm().to(torch::kFloat64).square();
    wait_for_device();
    return leads() ? squares.item<double>() : 0;  // every rank has the whole
  }

 private:
  // Where a rank is lost NCCL or CUDA may complain before the watch does, in words that name nobody.
  template <class F>
  std::invoke_result_t<F> guarded(const F& work) {
    try {
      return work();
    } catch (const c10::DistError& error) {
      broken_ = true;
      watch_->explain(error);
    } catch (const c10::Error&) {
      broken_ = true;
      watch_->find_lost();
      throw;
    }
  }

  // Queues what `start` gives.
  template <class F>
  void exchange(const F& start) {
    guarded([&] { return start()->wait(); });
  }

  c10::cuda::CUDAStream current() const { return c10::cuda::getCurrentCUDAStream(device_.index()); }

  // Each rank gets its piece from all, adds it up in the order of ranks, and gives the sum to all. Of two
  // ranks an all-reduce is the same to the bit, since a + b is b + a, and one operation in place of three.
  void sum(const torch::Tensor& values) {
    const torch::NoGradGuard no_grad;
    if (size() == 2) {
      std::vector<torch::Tensor> list{wire_ == Wire::bf16 ? values.to(torch::kBFloat16) : values};
      exchange([&] { return group_->allreduce(list); });
      if (wire_ == Wire::bf16) values.copy_(list[0]);
      return;
    }
    const std::int64_t count = values.numel(), piece = (count + size() - 1) / size();
    const Buffers& buffers = buffers_of(count);
    torch::Tensor all = buffers.sent.defined() ? buffers.sent : values;
    if (buffers.sent.defined()) all.narrow(0, 0, count).copy_(values);
    torch::Tensor received = buffers.received;
    std::vector<std::int64_t> even;
    exchange([&] { return group_->alltoall_base(received, all, even, even); });
    const torch::Tensor parts = received.view({size(), piece});
    torch::Tensor mine = all.narrow(0, piece * rank(), piece);
    torch::Tensor total = wire_ == Wire::fp32 ? mine : torch::empty({piece}, values.options());
    torch::add_out(total, wire_ == Wire::fp32 ? parts[0] : parts[0].to(torch::kFloat32), parts[1]);
    for (int other = 2; other < size(); ++other) total.add_(parts[other]);
    if (wire_ == Wire::bf16) mine.copy_(total);
    exchange([&] { return group_->_allgather_base(all, mine); });
    if (buffers.sent.defined()) values.copy_(all.narrow(0, 0, count));
  }

  struct Buffers {
    torch::Tensor sent;      // undefined where the values themselves are sent
    torch::Tensor received;  // [size * piece]
  };
  const Buffers& buffers_of(std::int64_t count) {
    Buffers& buffers = buffers_[count];
    if (buffers.received.defined()) return buffers;
    const std::int64_t whole = (count + size() - 1) / size() * size();
    const auto options =
        torch::TensorOptions(device_).dtype(wire_ == Wire::bf16 ? torch::kBFloat16 : torch::kFloat32);
    buffers.received = torch::empty({whole}, options);
    if (wire_ == Wire::bf16 || whole != count) buffers.sent = torch::zeros({whole}, options);
    return buffers;
  }

  const Wire wire_;
  const torch::Device device_;
  const c10::cuda::CUDAStream side_;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
  std::map<std::int64_t, Buffers> buffers_;  // by the number of values
  std::vector<torch::Tensor> summed_;        // since the last join
};

}  // namespace

std::string nccl_gpu_of(const torch::Device& device) {
  std::string text;
  for (const char byte : at::cuda::getDeviceProperties(device.index())->uuid.bytes)
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::shared_ptr<Group> make_nccl_group(const GroupOptions& options, const torch::Device& device) {
  return std::make_shared<NcclGroup>(options, device);
}
#else
std::string nccl_gpu_of(const torch::Device&) {
  return "";
}

std::shared_ptr<Group> make_nccl_group(const GroupOptions&, const torch::Device&) {
  throw EnvironmentError(
      "this build knows no ranks on CUDA devices: libtorch or NCCL's headers were without it", "device");
}
#endif

}  // namespace runner::ranks
