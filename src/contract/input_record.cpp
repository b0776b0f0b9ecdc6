#include "contract/input_record.h"

#include <algorithm>

namespace runner {

bool same_contents(const std::vector<InputRecord>& a, const std::vector<InputRecord>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const InputRecord& x, const InputRecord& y) {
    return x.bytes == y.bytes && x.xxh64 == y.xxh64;
  });
}

std::vector<std::string> hashes_of(const std::vector<InputRecord>& inputs) {
  std::vector<std::string> hashes;
  hashes.reserve(inputs.size());
  for (const InputRecord& input : inputs) hashes.push_back(input.xxh64);
  return hashes;
}

}  // namespace runner
