#pragma once
// The report of runner eval: 5CAT (docs/lvm.md) and the quick figures of each split, and the gates.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "contract/figures.h"

namespace runner {

// A figure of 5CAT, or the number of rows behind it; nothing where no row was usable.
using TestFigure = std::optional<std::variant<std::int64_t, double>>;

struct SplitReport {
  NamedList<TestFigure> tests;  // "A:k=0", "A:margin", …, "E:normal_n"
  Figures model;
  double gain = 0;  // of its cosine over the best baseline's
  std::string best_baseline;
  NamedList<std::optional<Figures>> baselines;  // nothing for one that could not be measured
  ChanceLevels chance;

  // Nothing where it is absent or not a mean.
  std::optional<double> mean(std::string_view test) const {
    const TestFigure* figure = find_named(tests, test);
    if (figure == nullptr || !figure->has_value() || !std::holds_alternative<double>(**figure))
      return std::nullopt;
    return std::get<double>(**figure);
  }

  static void fields(auto& self, auto& field) {
    field.members(self.tests);
    Figures::fields(self.model, field);
    field("gain", self.gain);
    field("best_baseline", self.best_baseline);
    field("baselines", self.baselines);
    field("chance", self.chance);
  }
};

struct TestGate {
  std::string test;  // "A" … "E"
  std::optional<double> value;
  std::string limit;  // ">= 0.12"
  bool passed = false;
  std::string reason;  // why a gate without a value fails

  static void fields(auto& self, auto& field) {
    field("test", self.test);
    field("value", self.value);
    field("limit", self.limit);
    field("passed", self.passed);
    field.unless_empty("reason", self.reason);
  }
};

struct EvalReport {
  std::string mode;
  std::optional<SplitReport> val, ood;  // nothing for a split that was not given
  NamedList<TestGate> gates;            // "VAL A:margin", …
  bool passed = false;
  std::string model, output;

  static void fields(auto& self, auto& field) {
    field("mode", self.mode);
    field.unless_empty("VAL", self.val);
    field.unless_empty("OOD", self.ood);
    field("gates", self.gates);
    field("passed", self.passed);
    field("model", self.model);
    field("output", self.output);
  }
};

}  // namespace runner
