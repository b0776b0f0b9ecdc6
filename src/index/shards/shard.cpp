#include "index/shards/shard.h"

#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/log.h"

namespace runner::ann {
namespace {

constexpr std::int64_t most_shards = 100000;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A number that Slurm sets for the tasks of an array.
std::int64_t of_array(const char* name, std::optional<std::int64_t> otherwise = std::nullopt) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') {
    if (otherwise) return *otherwise;
    throw UsageError(fmt::format("auto asks Slurm, and {} is not set: this is no task of an array job "
                                 "(sbatch --array=0-7); give I/N",
                                 name),
                     "--shard");
  }
  const auto value = whole_number(text);
  if (!value || *value < 0)
    throw UsageError(fmt::format("{} is '{}', and a number is expected; give I/N", name, text), "--shard");
  return *value;
}

Shard of_slurm_array() {
  const std::int64_t id = of_array("SLURM_ARRAY_TASK_ID"), count = of_array("SLURM_ARRAY_TASK_COUNT");
  const std::int64_t first = of_array("SLURM_ARRAY_TASK_MIN", 0), step = of_array("SLURM_ARRAY_TASK_STEP", 1);
  const std::int64_t last = of_array("SLURM_ARRAY_TASK_MAX", first + (count - 1) * step);
  // An array of 1,3,7 has holes, and no task can tell how many came before it.
  if (step < 1 || id < first || (id - first) % step != 0 || last != first + (count - 1) * step)
    throw UsageError(
        fmt::format("the array's numbers do not follow each other (task {} of {} from {} to {}): give I/N "
                    "yourself, or --array=0-{}",
                    id, count, first, last, count - 1),
        "--shard");
  return {(id - first) / step, count};
}

}  // namespace

std::string to_string(const Shard& shard) {
  return fmt::format("{}/{}", shard.number, shard.count);
}

Shard parse_shard(const std::string& text) {
  Shard shard;
  if (text == "auto") {
    shard = of_slurm_array();
  } else {
    const std::size_t slash = text.find('/');
    const auto number = whole_number(std::string_view(text).substr(0, slash));
    const auto count =
        slash == std::string::npos ? std::nullopt : whole_number(std::string_view(text).substr(slash + 1));
    if (!number || !count)
      throw UsageError(
          fmt::format("expected I/N, part I of N counted from 0 (0/4 … 3/4), or auto; got '{}'", text),
          "--shard");
    shard = {*number, *count};
  }
  if (shard.count < 1 || shard.count > most_shards)
    throw UsageError(fmt::format("{} parts; there can be 1 to {}", shard.count, most_shards), "--shard");
  if (shard.number < 0 || shard.number >= shard.count)
    throw UsageError(fmt::format("there is no part {} of {}: parts count from 0, so they are 0/{} … {}/{}",
                                 shard.number, shard.count, shard.count, shard.count - 1, shard.count),
                     "--shard");
  return shard;
}

ShardRows rows_of(const Shard& shard, std::int64_t rows, const std::string& what) {
  if (shard.count > rows)
    throw UsageError(fmt::format("{} parts of {} {}: some would be empty; take at most {} parts", shard.count,
                                 rows, what, rows),
                     "--shard");
  // rows * number / count without leaving 64 bits.
  const auto begin = [&](std::int64_t number) {
    return rows / shard.count * number + rows % shard.count * number / shard.count;
  };
  return {begin(shard.number), begin(shard.number + 1) - begin(shard.number)};
}

}  // namespace runner::ann
