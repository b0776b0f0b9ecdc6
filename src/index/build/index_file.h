#pragma once
// Inside index/ only: FAISS's writer over a file of ours.

#include <faiss/Index.h>

#include <filesystem>

namespace runner::ann {

// Writes a new file as faiss::write_index does, and flushes it to disk; returns the seconds that the flush
// took. Throws RunError, with the system's reason, and leaves nothing then.
double write_index_file(const faiss::Index& index, const std::filesystem::path& file);

}  // namespace runner::ann
