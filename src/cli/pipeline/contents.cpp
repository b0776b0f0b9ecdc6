#include "cli/pipeline/contents.h"

#include <filesystem>
#include <set>

#include "base/error.h"

namespace runner::cli {
namespace fs = std::filesystem;

namespace {

// What others read of a run. The rest are records and reports, some of them written again later.
const std::set<std::string> of_a_run = {"best_model.pt", "final_model.pt", "model.safetensors", "config.json",
                                        "config.yaml"};

std::set<fs::path> files_that_count(const fs::path& folder) {
  std::error_code error;
  const bool is_run = fs::exists(folder / "best_model.pt", error);
  std::set<fs::path> files;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code gone;
    if (it->is_regular_file(gone) && !name.starts_with(".") && (!is_run || of_a_run.contains(name)))
      files.insert(it->path());
  }
  if (error) throw DataError("cannot be read: " + error.message(), folder.string());
  return files;
}

}  // namespace

const std::string& Contents::hash_of(const std::string& file) {
  const data::FileStamp stamp = data::file_stamp(file);
  Known& known = known_[file];
  if (known.hash.empty() || !(known.stamp == stamp)) known = {stamp, data::hash_file(file)};
  return known.hash;
}

InputRecord Contents::of(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error))
    return {path, static_cast<std::uint64_t>(data::file_stamp(path).size), hash_of(path)};
  InputRecord record{path, 0, ""};
  data::ContentHash all;
  for (const fs::path& file : files_that_count(path)) {
    const std::string line = file.filename().string() + '\n' + hash_of(file.string()) + '\n';
    all.update(line.data(), line.size());
    record.bytes += data::file_stamp(file).size;
  }
  record.xxh64 = all.hex();
  return record;
}

}  // namespace runner::cli
