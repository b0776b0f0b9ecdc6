#include "jobs/predict/row_numbers.h"

#include "base/json_file.h"
#include "base/log.h"
#include "data/samples/vectors.h"
#include "index/build/hash_cache.h"
#include "index/publish/publish.h"

namespace runner::jobs {
namespace {

std::string by_manifest(const Json& manifest, const std::vector<std::string>& inputs) {
  const Json ids = manifest.value("settings", Json::object()).value("ids", Json());
  if (ids.is_string())
    return "its ids are the array " + ids.get<std::string>() + " of what it was built from, not row numbers";
  const Json before = manifest.value("inputs", Json::array()), now = ann::input_hashes(inputs);
  bool same = before.size() == now.size();
  for (std::size_t i = 0; same && i < now.size(); ++i)
    same = before[i].value("xxh64", Json()) == now[i].at("xxh64");
  return same ? "" : "its manifest says it was built from other data";
}

}  // namespace

std::string no_row_numbers(const std::string& index, std::int64_t rows,
                           const std::vector<std::string>& inputs) {
  Json manifest = ann::published_manifest({index});
  if (manifest.empty())
    manifest = read_json_file_if_valid(index + ".manifest.json");  // a version by its own name
  if (!manifest.empty()) return by_manifest(manifest, inputs);
  const std::int64_t own = data::Vectors(inputs).rows();
  return own == rows ? "" : fmt::format("it holds {} vectors, the input {}", rows, own);
}

}  // namespace runner::jobs
