#pragma once
// While one of these lives, FAISS's own loops (training, building a graph, searching) count as progress and
// hear SIGINT and SIGTERM: they then end with an exception.

#include <exception>
#include <string>

namespace runner::ann {

class FaissWatch {
 public:
  FaissWatch();
  ~FaissWatch();
  FaissWatch(const FaissWatch&) = delete;
  FaissWatch& operator=(const FaissWatch&) = delete;
};

// What FAISS says without the place in its own source: "could not parse token X".
std::string faiss_reason(const std::exception& error);

// Inside a catch clause of what FAISS threw: throws Interrupted with this message if a stop was asked for.
void rethrow_as_stop(const char* message);

}  // namespace runner::ann
