#include "jobs/input_records.h"

#include "data/content_hash.h"

namespace runner::jobs {

std::vector<InputRecord> input_records(const std::vector<std::string>& paths) {
  std::vector<InputRecord> records;
  records.reserve(paths.size());
  for (const std::string& path : paths)
    records.push_back({path, static_cast<std::uint64_t>(data::file_stamp(path).size), data::hash_file(path)});
  return records;
}

}  // namespace runner::jobs
