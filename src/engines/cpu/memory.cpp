#include "engines/cpu/memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/log.h"

namespace runner::lvm::cpu {

Memory::Memory(std::size_t bytes, Fill fill) : size_(bytes) {
  if (bytes == 0) return;
  constexpr std::size_t huge = std::size_t{2} << 20;
  const std::size_t alignment = bytes >= huge ? huge : 64;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  data_.reset(std::aligned_alloc(alignment, rounded));
  if (!data_)
    throw RunError(fmt::format(
        "no memory for {} MiB of activations and weights; training needs less with a smaller batch",
        rounded >> 20));
#ifdef MADV_HUGEPAGE
  if (bytes >= huge) madvise(data_.get(), rounded, MADV_HUGEPAGE);  // only advice: failure costs speed alone
#endif
  if (fill == Fill::zeros) std::memset(data_.get(), 0, rounded);
}

void Memory::Release::operator()(void* p) const {
  std::free(p);
}

}  // namespace runner::lvm::cpu
