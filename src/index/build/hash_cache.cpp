#include "index/build/hash_cache.h"

#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/status.h"
#include "data/content_hash.h"
#include "openmp_scan/loader/file_store.h"

namespace runner::ann {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_entries = 1000;

fs::path cache_path() {
  const fs::path folder = runtime::cache_folder({});
  return folder.empty() ? fs::path() : folder / "content_hashes.json";
}

Json read_cache(const fs::path& path) {
  if (path.empty()) return Json::object();
  Json cache = read_json_file_if_valid(path);  // none yet, or damaged: it is only a cache
  return cache.size() <= most_entries ? cache : Json::object();
}

void write_cache(const fs::path& path, const Json& cache) {
  if (path.empty()) return;
  try {
    write_file_atomically(path, json_text(cache) + "\n");
  } catch (const std::exception& error) {
    spdlog::debug("{}: the cache of content hashes was not written: {}", path.string(), error.what());
  }
}

}  // namespace

std::vector<InputRecord> input_hashes(const std::vector<std::string>& paths) {
  const fs::path path_of_cache = cache_path();
  Json cache = read_cache(path_of_cache);
  std::vector<InputRecord> inputs;
  bool changed = false;
  for (const std::string& path : paths) {
    const data::FileStamp stamp = data::file_stamp(path);
    const std::string key = fs::absolute(path).lexically_normal().string();
    const Json known = {{"size", stamp.size}, {"inode", stamp.inode}, {"mtime_ns", stamp.mtime_ns}};
    Json& entry = cache[key];
    if (member_in(entry, "stamp") != known || text_in(entry, "xxh64").empty()) {
      status::set_phase("hash the input");
      entry = {{"stamp", known}, {"xxh64", data::hash_file(path)}};
      changed = true;
    }
    inputs.push_back({path, static_cast<std::uint64_t>(stamp.size), text_in(entry, "xxh64")});
  }
  if (changed) write_cache(path_of_cache, cache);
  return inputs;
}

}  // namespace runner::ann
