#pragma once
// Sums over rows, taken in two steps: each chunk of rows leaves a partial sum, and all partial sums of a
// backward pass are added at its end in one job of the team.

#include <cstdint>
#include <vector>

namespace runner::lvm::cpu {

class PartialSums {
 public:
  // Memory for `floats` partial values in all.
  void use(float* memory, std::int64_t floats);
  void clear();

  // Room for `chunks` rows of `columns`, which finish() adds up into `total` [columns].
  float* add(std::int64_t chunks, std::int64_t columns, float* total);
  // One row a chunk made of several sums side by side; each part goes to a total of its own.
  struct Part {
    std::int64_t columns;
    float* total;
  };
  float* add(std::int64_t chunks, const std::vector<Part>& parts);

  void finish() const;
  // The same for what was added so far; its memory stays taken.
  void settle() {
    finish();
    sums_.clear();
  }

 private:
  struct Sum {
    const float* first;
    std::int64_t chunks, stride, columns;
    float* total;
  };
  float* memory_ = nullptr;
  std::int64_t size_ = 0, used_ = 0;
  std::vector<Sum> sums_;
};

}  // namespace runner::lvm::cpu
