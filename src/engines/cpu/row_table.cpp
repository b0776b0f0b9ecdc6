#include "engines/cpu/row_table.h"

#include <algorithm>

namespace runner::lvm::cpu {

float* RowTable::append(std::int64_t rows) {
  const auto needed = static_cast<std::size_t>((size_ + rows) * width_) * sizeof(float);
  if (needed > memory_.size()) {
    Memory larger(2 * needed, Memory::Fill::nothing);
    if (size_ > 0) std::copy_n(row(0), size_ * width_, static_cast<float*>(larger.data()));
    memory_ = std::move(larger);
  }
  size_ += rows;
  return row(size_ - rows);
}

}  // namespace runner::lvm::cpu
