#pragma once
// Memory that is taken once and kept: pages returned and faulted in again each step cost up to a third of a
// run.

#include <cstddef>
#include <cstdint>
#include <memory>

namespace runner::lvm::cpu {

// Memory aligned to 64 bytes; large ones to 2 MiB and on huge pages where the system gives them.
class Memory {
 public:
  enum class Fill { zeros, nothing };
  Memory() = default;
  // Without zeros, pages that are never written are never resident. Throws RunError when there is not enough.
  explicit Memory(std::size_t bytes, Fill fill = Fill::zeros);
  void* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Release {
    void operator()(void* p) const;
  };
  std::unique_ptr<void, Release> data_;
  std::size_t size_ = 0;
};

// Hands out parts of a Memory. A first run with no memory only counts, so that one function both sizes and
// places what it needs.
class Places {
 public:
  explicit Places(void* base = nullptr) : base_(static_cast<char*>(base)) {}
  template <class T = float>
  T* take(std::int64_t count) {
    char* at = base_ ? base_ + used_ : nullptr;
    used_ += (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return reinterpret_cast<T*>(at);
  }
  std::size_t used() const { return used_; }

 private:
  char* base_ = nullptr;
  std::size_t used_ = 0;
};

}  // namespace runner::lvm::cpu
