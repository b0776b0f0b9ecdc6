#pragma once
// A Mach-O file, thin or fat (32 and 64 bit tables), as Images: one for each architecture it holds.

#include "runtime/scan/byte_source.h"
#include "runtime/scan/image.h"

namespace runner::runtime {

bool looks_like_macho(const ByteSource& source);
// Never throws for what the file holds.
BinaryFile read_macho(const ByteSource& source, const std::string& file_name);

}  // namespace runner::runtime
