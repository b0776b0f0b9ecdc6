#pragma once
// An ELF file as an Image.

#include "openmp_scan/binaries/binary_bytes.h"
#include "openmp_scan/binaries/image.h"

namespace runner::runtime {

// `file_name`: how the file is called, for telling runtimes by name. Never throws for what the file holds.
BinaryFile read_elf(const BinaryBytes& source, const std::string& file_name);

}  // namespace runner::runtime
