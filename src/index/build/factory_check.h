#pragma once
// A factory string looked through before FAISS sees it: FAISS ends the process for some that it cannot build
// (IVF0,Flat), fills the memory for others (HNSW0), and tells of too few rows only after minutes.

#include <cstdint>
#include <string>

namespace runner::ann {

// Throws UsageError naming the word of the string, its number and what can stand there, for `rows` rows of
// this width. Words that are not known here are left to FAISS.
void check_factory(const std::string& factory, std::int64_t width, std::int64_t rows);

}  // namespace runner::ann
