#pragma once
// One of N parts of an index's rows, or of a search: number I of 0 … N-1, written I/N.

#include <cstdint>
#include <string>

namespace runner::ann {

struct Shard {
  std::int64_t number = 0, count = 1;
  bool operator==(const Shard&) const = default;
};

std::string to_string(const Shard& shard);  // "3/8"

// "3/8", or "auto": this task's place in its Slurm array, whatever the array's first number and step are.
// Throws UsageError, place --shard.
Shard parse_shard(const std::string& text);

struct ShardRows {
  std::int64_t first = 0, count = 0;
};
// Parts of N rows (or of anything else in order) that follow each other and differ by one at most. Throws
// UsageError when there are more parts than rows; `what` names these.
ShardRows rows_of(const Shard& shard, std::int64_t rows, const std::string& what = "rows");

}  // namespace runner::ann
