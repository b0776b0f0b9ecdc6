#pragma once
// What runner predict tells, and what its first half hands to the second.

#include <cstdint>
#include <optional>
#include <string>

#include "contract/fields.h"

namespace runner {

// By FAISS's half.
struct NeighbourFigures {
  std::string index;
  std::int64_t ntotal = 0, k = 0;
  bool exact = false, exclude_context = false;
  std::int64_t left_out = 0;  // rows of their own contexts
  double search_s = 0;

  static void fields(auto& self, auto& field) {
    field("index", self.index);
    field("ntotal", self.ntotal);
    field("k", self.k);
    field("exact", self.exact);
    field("exclude_context", self.exclude_context);
    field("left_out", self.left_out);
    field("search_s", self.search_s);
  }
};

struct PredictionResult {
  std::string output, model;
  std::int64_t predictions = 0, context = 0, width = 0;
  std::string device, precision;
  double predict_s = 0, wall_s = 0, rss_mb = 0;
  std::optional<NeighbourFigures> neighbours;
  std::optional<bool> of_vectors;  // handed over: the contexts are rows of the input, not ready ones

  static void fields(auto& self, auto& field) {
    field.unless_empty("output", self.output);
    field("model", self.model);
    field("predictions", self.predictions);
    field("context", self.context);
    field("width", self.width);
    field("device", self.device);
    field("precision", self.precision);
    field("predict_s", self.predict_s);
    field("wall_s", self.wall_s);
    field("rss_mb", self.rss_mb);
    if (self.neighbours) NeighbourFigures::fields(*self.neighbours, field);
    field.unless_empty("of_vectors", self.of_vectors);
  }
};

}  // namespace runner
