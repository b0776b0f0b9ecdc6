#pragma once
// The cache's form on disk: CBOR, with a version that changes when the readers learn something.

#include <string_view>

#include "base/json.h"
#include "openmp_scan/loader/file_store.h"

namespace runner::runtime {

inline constexpr int store_version = 2;

// The cache's bytes. Throws an exception of the library's for what is none, or holds lists too deep in lists.
Json read_store(std::string_view bytes);

Json pack(const FileStamp& stamp, const BinaryFile& file);
// Throws Json's exceptions for anything unexpected.
void unpack(const Json& packed, FileStamp& stamp, BinaryFile& file);

}  // namespace runner::runtime
