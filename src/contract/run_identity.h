#pragma once
// What must be the same for a run to go on bit for bit.

#include <cstdint>
#include <string>
#include <vector>

#include "contract/input_record.h"

namespace runner {

struct DataRecord {
  std::vector<InputRecord> files;
  std::string kind;  // "vectors", "sequences"
  std::int64_t width = 0, context = 0, windows = 0, training_windows = 0, validation_windows = 0;
  std::int64_t articles = 0, validation_articles = 0;

  static void fields(auto& self, auto& field) {
    field("files", self.files);
    field("kind", self.kind);
    field("width", self.width);
    field("context", self.context);
    field("windows", self.windows);
    field("training_windows", self.training_windows);
    field("validation_windows", self.validation_windows);
    field("articles", self.articles);
    field("validation_articles", self.validation_articles);
  }
};

// What rounding depends on.
struct MachineRecord {
  std::int64_t threads = 0;
  std::int64_t ranks = 0;  // that shared each batch; 0: one process alone
  std::string blas_kernels, libtorch, cpu, engine, precision, device;
  std::string products;  // of the CPU engine: "own", or its BLAS

  static void fields(auto& self, auto& field) {
    field("threads", self.threads);
    field.unless_empty("ranks", self.ranks);
    field("blas_kernels", self.blas_kernels);
    field("libtorch", self.libtorch);
    field("cpu", self.cpu);
    field("engine", self.engine);
    field.unless_empty("products", self.products);
    field("precision", self.precision);
    field("device", self.device);
  }
};

struct RunIdentity {
  NamedList<std::string> config;  // key -> value as YAML, without keys that cannot change a result
  DataRecord data;
  MachineRecord machine;

  static void fields(auto& self, auto& field) {
    field("config", self.config);
    field("data", self.data);
    field("machine", self.machine);
  }
};

}  // namespace runner
