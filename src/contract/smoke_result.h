#pragma once
// What the smoke job found, in one worker or in two that hand it over.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/fields.h"

namespace runner {

struct FaissFindings {
  std::int64_t ntotal = 0, dimension = 0, found = 0;  // found: vectors that found themselves first
  std::string faiss;                                  // its version

  static void fields(auto& self, auto& field) {
    field("ntotal", self.ntotal);
    field("dimension", self.dimension);
    field("found", self.found);
    field("faiss", self.faiss);
  }
};

struct TorchFindings {
  std::int64_t steps = 0;
  double first_loss = 0, last_loss = 0;
  std::string torch;  // its version
  std::string device;

  static void fields(auto& self, auto& field) {
    field("steps", self.steps);
    field("first_loss", self.first_loss);
    field("last_loss", self.last_loss);
    field("torch", self.torch);
    field("device", self.device);
  }
};

// An OpenMP runtime that a worker has loaded.
struct LoadedRuntime {
  std::string kind, path;
  bool is_static = false;

  static void fields(auto& self, auto& field) {
    field("kind", self.kind);
    field("path", self.path);
    field("static", self.is_static);
  }
};

struct SmokeResult {
  std::optional<FaissFindings> faiss;
  std::optional<TorchFindings> torch;
  NamedList<std::vector<LoadedRuntime>> runtimes;  // by part: "faiss", "torch"; "both" of one worker
  std::optional<bool> passed;

  bool is_complete() const { return faiss && torch; }

  static void fields(auto& self, auto& field) {
    field.unless_empty("faiss", self.faiss);
    field.unless_empty("torch", self.torch);
    field.unless_empty("runtimes", self.runtimes);
    field.unless_empty("passed", self.passed);
  }
};

}  // namespace runner
