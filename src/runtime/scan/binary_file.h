#pragma once
// Any file as a BinaryFile: ELF, Mach-O, or something else.

#include <filesystem>

#include "runtime/scan/byte_source.h"
#include "runtime/scan/image.h"

namespace runner::runtime {

// Never throws for what the file holds or for a file that cannot be read: `problem` says it.
BinaryFile read_binary(const std::filesystem::path& path);
BinaryFile read_binary(const ByteSource& source, const std::string& file_name);

}  // namespace runner::runtime
