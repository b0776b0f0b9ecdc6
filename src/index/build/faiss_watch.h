#pragma once
// While one of these lives, FAISS's own loops (training, building a graph, searching) count as progress and
// hear SIGINT and SIGTERM: they then end with an exception.

#include <exception>
#include <new>
#include <string>

#include "base/error.h"

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

// What is said when FAISS gives up; the place is index.factory.
struct FaissWords {
  std::string failed;     // "FAISS cannot build 'X'": its reason follows
  const char* stopped;    // of a stop that was asked for
  const char* no_memory;  // the way out
};

// f() under a watch; what FAISS throws comes in our words.
template <class F>
auto in_our_words(const FaissWords& words, const F& f) {
  const FaissWatch watch;
  try {
    return f();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw RunError(std::string("out of memory: ") + words.no_memory, "index.factory");
  } catch (const std::exception& error) {
    rethrow_as_stop(words.stopped);
    throw RunError(words.failed + ": " + faiss_reason(error), "index.factory");
  }
}

}  // namespace runner::ann
