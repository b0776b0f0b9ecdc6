#pragma once
// Any file as a BinaryFile: ELF, Mach-O, or something else.

#include <filesystem>

#include "openmp_scan/binaries/binary_bytes.h"
#include "openmp_scan/binaries/image.h"

namespace runner::runtime {

// Never throws for what the file holds or for a file that cannot be read: `problem` says it.
BinaryFile read_binary(const std::filesystem::path& path);
BinaryFile read_binary(const BinaryBytes& source, const std::string& file_name);

}  // namespace runner::runtime
