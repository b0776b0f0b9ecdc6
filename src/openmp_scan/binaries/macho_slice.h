#pragma once
// One architecture of a Mach-O file: its load commands and its symbol table.

#include <string>

#include "openmp_scan/binaries/binary_bytes.h"
#include "openmp_scan/binaries/image.h"

namespace runner::runtime {

std::string macho_arch(std::uint32_t cpu_type, std::uint32_t cpu_subtype);

// The slice's bytes as a source of their own: every offset in it counts from its start.
class SliceSource final : public BinaryBytes {
 public:
  SliceSource(const BinaryBytes& whole, std::uint64_t offset, std::uint64_t bytes)
      : whole_(whole), offset_(offset), bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_; }
  bool read(std::uint64_t offset, void* to, std::size_t n) const override {
    return offset <= bytes_ && n <= bytes_ - offset && whole_.read(offset_ + offset, to, n);
  }

 private:
  const BinaryBytes& whole_;
  std::uint64_t offset_, bytes_;
};

// `problem` receives the first thing found wrong; what was read until then is in the image.
Image read_macho_slice(const BinaryBytes& slice, const std::string& file_name, std::string& problem);

}  // namespace runner::runtime
