#include "engines/cpu/partial_sums.h"

#include <algorithm>

#include "base/error.h"
#include "threads/team.h"

namespace runner::lvm::cpu {

void PartialSums::use(float* memory, std::int64_t floats) {
  memory_ = memory;
  size_ = floats;
  clear();
}

void PartialSums::clear() {
  used_ = 0;
  sums_.clear();
}

float* PartialSums::add(std::int64_t chunks, std::int64_t columns, float* total) {
  return add(chunks, {{columns, total}});
}

float* PartialSums::add(std::int64_t chunks, const std::vector<Part>& parts) {
  std::int64_t stride = 0;
  for (const Part& part : parts) stride += part.columns;
  if (used_ + chunks * stride > size_) throw RunError("the engine's memory for partial sums is too small");
  float* first = memory_ + used_;
  used_ += chunks * stride;
  std::int64_t at = 0;
  for (const Part& part : parts) {
    sums_.push_back({first + at, chunks, stride, part.columns, part.total});
    at += part.columns;
  }
  return first;
}

void PartialSums::finish() const {
  team::run(static_cast<std::int64_t>(sums_.size()), [&](std::int64_t i) {
    const Sum& s = sums_[static_cast<std::size_t>(i)];
    std::copy(s.first, s.first + s.columns, s.total);
    for (std::int64_t k = 1; k < s.chunks; ++k) {
      const float* row = s.first + k * s.stride;
      for (std::int64_t c = 0; c < s.columns; ++c) s.total[c] += row[c];
    }
  });
}

}  // namespace runner::lvm::cpu
