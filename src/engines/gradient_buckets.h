#pragma once
// The gradients of a flat buffer, handed over in buckets while the backward pass goes on: from the end of the
// buffer, where they are final first, to its beginning.

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace runner::lvm {

class GradientBuckets {
 public:
  // Called with each bucket, on the thread of the backward pass.
  using Ready = std::function<void(torch::Tensor bucket)>;

  // parameters: their gradients lie in `gradients` one after the other. Buckets begin at multiples of
  // sizes.multiple; their bounds and their order follow from sizes alone, so that they are the same on
  // all ranks, whatever the order in which gradients become final.
  struct Sizes {
    std::int64_t multiple = 32, most = std::int64_t{4} << 20;  // elements; most: and up to `multiple` more
  };
  GradientBuckets(const std::vector<torch::Tensor>& parameters, torch::Tensor gradients, Sizes sizes,
                  Ready ready);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  // The next backward pass leaves final gradients.
  void arm();
  // After it, or in place of one where there is nothing to compute: hands over what is left.
  void finish();

 private:
  struct Hook;
  void is_final(std::size_t parameter);
  void hand_over(std::int64_t from);

  torch::Tensor gradients_;
  const Sizes sizes_;
  const Ready ready_;
  std::vector<std::int64_t> starts_;  // of the parameters
  // What adds to a gradient: behind a shared_ptr, since libtorch 2.14 behind an intrusive_ptr.
  using Accumulator = decltype(torch::autograd::impl::grad_accumulator(std::declval<torch::Tensor>()));
  std::vector<Accumulator> accumulate_;
  std::vector<std::uintptr_t> hooks_;
  std::vector<bool> final_;
  bool armed_ = false;
  std::size_t open_ = 0;    // parameters from here on are final
  std::int64_t given_ = 0;  // elements from here on are handed over
};

}  // namespace runner::lvm
