#pragma once
#include <string>

namespace runner::ann {
// "1.7.3": of the FAISS that this was compiled with.
std::string faiss_version();
}  // namespace runner::ann
