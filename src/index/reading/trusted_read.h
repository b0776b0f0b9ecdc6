#pragma once
// Inside index/ only: an index file that FAISS gets to read, looked through before.

#include <cstdint>
#include <filesystem>
#include <memory>

namespace faiss {
struct Index;
}

namespace runner::ann {

// Checks the file's structure (index_walk.h), then lets FAISS read it, inverted lists mapped where they are.
// Of a type that index_walk does not know, FAISS is the only judge: it gets bytes one after the other, no
// more memory than such a file can need, and the launcher is told whom to blame for a crash or a hang.
// Throws DataError.
std::shared_ptr<faiss::Index> read_checked_index(const std::filesystem::path& path);

// Call before a search for k neighbours: what it looks at becomes no more than there is. Some types make room
// for whatever number the file has, others search for ever, or divide by zero. Throws UsageError for a k that
// the type cannot find.
void bound_search(faiss::Index& index, std::int64_t k);

// Throws DataError when the manifest that a build left beside this file tells another size.
void expect_size_of_manifest(const std::filesystem::path& path);

}  // namespace runner::ann
