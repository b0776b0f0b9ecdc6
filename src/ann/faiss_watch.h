#pragma once
// While one of these lives, FAISS's own loops (training, building a graph, searching) count as progress and
// hear SIGINT and SIGTERM: they then end with an exception.

namespace runner::ann {

class FaissWatch {
 public:
  FaissWatch();
  ~FaissWatch();
  FaissWatch(const FaissWatch&) = delete;
  FaissWatch& operator=(const FaissWatch&) = delete;
};

// Inside a catch clause of what FAISS threw: throws Interrupted with this message if a stop was asked for.
void rethrow_as_stop(const char* message);

}  // namespace runner::ann
