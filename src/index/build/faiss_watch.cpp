#include "index/build/faiss_watch.h"

#include <faiss/impl/AuxIndexStructures.h>

#include <memory>

#include "base/error.h"
#include "base/signals.h"
#include "base/status.h"

namespace runner::ann {
namespace {

struct Callback final : faiss::InterruptCallback {
  bool want_interrupt() override {
    status::beat();
    return stop_signal() != 0;
  }
};

}  // namespace

FaissWatch::FaissWatch() {
  faiss::InterruptCallback::instance = std::make_unique<Callback>();
}

FaissWatch::~FaissWatch() {
  faiss::InterruptCallback::clear_instance();
}

std::string faiss_reason(const std::exception& error) {
  // "Error in FUNCTION at FILE:LINE: Error: 'CONDITION' failed: TEXT", or ": TEXT" alone behind the line.
  std::string text = error.what();
  const std::string failed = "' failed: ";
  std::size_t from = text.rfind(failed);
  if (from != std::string::npos) {
    text.erase(0, from + failed.size());
  } else if (text.starts_with("Error in ")) {
    from = text.find(" at ");
    from = text.find(": ", from == std::string::npos ? 0 : from);
    if (from != std::string::npos) text.erase(0, from + 2);
  }
  const std::size_t end = text.find_last_not_of(" \n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  return text.empty() ? "a condition of its own is not met" : text;
}

void rethrow_as_stop(const char* message) {
  if (const int signal = stop_signal()) throw Interrupted(signal, message);
}

}  // namespace runner::ann
