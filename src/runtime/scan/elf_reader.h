#pragma once
// An ELF file as an Image.

#include "runtime/scan/byte_source.h"
#include "runtime/scan/image.h"

namespace runner::runtime {

// `file_name`: how the file is called, for telling runtimes by name. Never throws for what the file holds.
BinaryFile read_elf(const ByteSource& source, const std::string& file_name);

}  // namespace runner::runtime
