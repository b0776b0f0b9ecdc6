#pragma once
// A file that a run has read.

#include <cstdint>
#include <string>
#include <vector>

#include "contract/fields.h"

namespace runner {

struct InputRecord {
  std::string path;
  std::uint64_t bytes = 0;  // 0: not told
  std::string xxh64;        // of the contents, hexadecimal

  static void fields(auto& self, auto& field) {
    field("path", self.path);
    field.unless_empty("bytes", self.bytes);
    field("xxh64", self.xxh64);
  }
};

// Contents alone tell files apart: the same data may lie elsewhere.
bool same_contents(const std::vector<InputRecord>& a, const std::vector<InputRecord>& b);

std::vector<std::string> hashes_of(const std::vector<InputRecord>& inputs);

}  // namespace runner
