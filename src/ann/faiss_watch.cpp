#include "ann/faiss_watch.h"

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

void rethrow_as_stop(const char* message) {
  if (const int signal = stop_signal()) throw Interrupted(signal, message);
}

}  // namespace runner::ann
