#pragma once
// The batches of a run on its device. On a CUDA device all samples are brought there once, if they fit, so
// that a batch costs the host a list of numbers.

#include <cstdint>
#include <memory>
#include <vector>

#include "data/samples/samples.h"
#include "training/validation.h"

namespace runner::lvm {

class Batches {
 public:
  // `ids`: the samples that batches are made of; `normalize`: to length 1 first. resident_bytes: the most
  // that may be kept on the device, 0 for a CPU.
  Batches(std::shared_ptr<const data::SampleSource> samples, const std::vector<std::int64_t>& ids,
          bool normalize, torch::Device device, std::int64_t resident_bytes);

  // The samples ids[i] for i of `places`: contexts [n, T, D], targets [n, D]. On the device when resident(),
  // else on the CPU. Fresh tensors: the caller may write them.
  Batch take(const std::int64_t* places, std::int64_t count) const;
  bool resident() const { return contexts_.defined(); }

 private:
  std::shared_ptr<const data::SampleSource> samples_;
  const std::vector<std::int64_t>* ids_;
  bool normalize_;
  torch::Device device_;
  torch::Tensor contexts_, targets_;  // of all ids, when resident
};

// What to pass as resident_bytes for a device.
std::int64_t resident_limit(const torch::Device& device);

}  // namespace runner::lvm
