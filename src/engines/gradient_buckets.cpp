#include "engines/gradient_buckets.h"

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>

namespace runner::lvm {

struct GradientBuckets::Hook final : torch::autograd::FunctionPostHook {
  Hook(GradientBuckets* owner, std::size_t parameter) : buckets(owner), index(parameter) {}
  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list&) override {
    buckets->is_final(index);
    return outputs;
  }
  GradientBuckets* buckets;
  std::size_t index;
};

GradientBuckets::GradientBuckets(const std::vector<torch::Tensor>& parameters, torch::Tensor gradients,
                                 Sizes sizes, Ready ready)
    : gradients_(std::move(gradients)), sizes_(sizes), ready_(std::move(ready)) {
  std::int64_t at = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    starts_.push_back(at);
    at += parameters[i].numel();
    accumulate_.push_back(torch::autograd::impl::grad_accumulator(parameters[i]));
    hooks_.push_back(accumulate_[i]->add_post_hook(std::make_unique<Hook>(this, i)));
  }
}

GradientBuckets::~GradientBuckets() {
  for (std::size_t i = 0; i < hooks_.size(); ++i) accumulate_[i]->del_post_hook(hooks_[i]);
}

void GradientBuckets::arm() {
  armed_ = true;
  final_.assign(starts_.size(), false);
  open_ = starts_.size();
  given_ = gradients_.numel();
}

void GradientBuckets::finish() {
  if (!armed_) arm();
  armed_ = false;
  hand_over(0);
}

void GradientBuckets::is_final(std::size_t parameter) {
  if (!armed_) return;
  final_[parameter] = true;
  while (open_ > 0 && final_[open_ - 1]) --open_;
  hand_over(open_ < starts_.size() ? starts_[open_] : gradients_.numel());
}

// The buckets that lie in [from, …) and are still here.
void GradientBuckets::hand_over(std::int64_t from) {
  while (given_ > 0) {
    const std::int64_t begin =
        std::max<std::int64_t>(0, given_ - sizes_.most) / sizes_.multiple * sizes_.multiple;
    if (begin < from) return;
    ready_(gradients_.narrow(0, begin, given_ - begin));
    given_ = begin;
  }
}

}  // namespace runner::lvm
