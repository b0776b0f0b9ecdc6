#pragma once
// What runner sequences tells.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/fields.h"

namespace runner {

struct SequencesResult {
  std::string output, method;
  std::int64_t sequences = 0, context = 0, width = 0;
  std::optional<std::int64_t> articles;  // nothing where the input tells none
  std::uint64_t bytes = 0;
  Json coherence;  // of adjacent context vectors; null: none
  double fsync_s = 0, wall_s = 0, rss_mb = 0;
  std::vector<std::string> next;  // commands that go on from here

  static void fields(auto& self, auto& field) {
    field("output", self.output);
    field("method", self.method);
    field("sequences", self.sequences);
    field("context", self.context);
    field("width", self.width);
    field("articles", self.articles);
    field("bytes", self.bytes);
    field("coherence", self.coherence);
    field("fsync_s", self.fsync_s);
    field("wall_s", self.wall_s);
    field("rss_mb", self.rss_mb);
    field.unless_empty("next", self.next);
  }
};

}  // namespace runner
