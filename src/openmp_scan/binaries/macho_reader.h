#pragma once
// A Mach-O file, thin or fat (32 and 64 bit tables), as Images: one for each architecture it holds.

#include "openmp_scan/binaries/binary_bytes.h"
#include "openmp_scan/binaries/image.h"

namespace runner::runtime {

bool looks_like_macho(const BinaryBytes& source);
// Never throws for what the file holds.
BinaryFile read_macho(const BinaryBytes& source, const std::string& file_name);

}  // namespace runner::runtime
