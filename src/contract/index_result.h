#pragma once
// What runner index tells.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/fields.h"

namespace runner {

// How much of an approximate index a search looks at.
struct SearchEffort {
  std::string parameter;  // nprobe, efSearch, search_L
  std::int64_t value = 0;

  static void fields(auto& self, auto& field) {
    field("parameter", self.parameter);
    field("value", self.value);
  }
};

struct IndexResult {
  std::string output, version;
  std::int64_t ntotal = 0, dimension = 0;
  std::string factory, metric;
  std::uint64_t bytes = 0;
  double self_recall = 0;
  std::optional<double> recall_at_10;  // nothing for an exact index
  std::optional<SearchEffort> search;  // nothing for a type without
  std::optional<std::string> advice;   // when the recall that is wanted was just reached
  double build_s = 0, fsync_s = 0, verify_s = 0;
  double wall_s = 0, rss_mb = 0;
  bool skipped = false;           // input and settings were unchanged
  std::vector<std::string> next;  // commands that go on from here

  static void fields(auto& self, auto& field) {
    field("output", self.output);
    field("version", self.version);
    field("ntotal", self.ntotal);
    field("dimension", self.dimension);
    field("factory", self.factory);
    field("metric", self.metric);
    field("bytes", self.bytes);
    field("self_recall", self.self_recall);
    field("recall_at_10", self.recall_at_10);
    field("search", self.search);
    field("advice", self.advice);
    field("build_s", self.build_s);
    field("fsync_s", self.fsync_s);
    field("verify_s", self.verify_s);
    field("wall_s", self.wall_s);
    field("rss_mb", self.rss_mb);
    field("skipped", self.skipped);
    field.unless_empty("next", self.next);
  }
};

}  // namespace runner
