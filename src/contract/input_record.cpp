#include "contract/input_record.h"

namespace runner {

std::vector<std::string> hashes_of(const std::vector<InputRecord>& inputs) {
  std::vector<std::string> hashes;
  for (const InputRecord& input : inputs) hashes.push_back(input.xxh64);
  return hashes;
}

}  // namespace runner
