#include "jobs/search/titles.h"

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/input_file.h"
#include "base/log.h"
#include "contract/manifest.h"
#include "data/formats/numpy/texts.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_file = std::size_t{4} << 30;
constexpr const char* usual_name = "titles";

std::vector<std::string> lines_of(const std::string& path) {
  const std::string text = read_regular_file(path, longest_file);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const bool windows = end > at && text[end - 1] == '\r';
    lines.push_back(text.substr(at, end - at - (windows ? 1 : 0)));
    at = end + 1;
  }
  return lines;
}

std::vector<std::string> array_of(const std::string& path, const std::string& name) {
  return data::read_texts(data::Npz(path).array(name));
}

bool is_a_path(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::vector<std::string> titles_in_file(const std::string& path) {
  return path.ends_with(".npz") || path.ends_with(".npy") ? array_of(path, usual_name) : lines_of(path);
}

// Of the files that the index was built from, one after the other.
std::vector<std::string> titles_of_inputs(const std::string& name, const std::string& index_path) {
  const auto manifest = Manifest::read_if_valid(manifest_beside(index_path));
  const std::vector<InputRecord> inputs = manifest ? manifest->inputs() : std::vector<InputRecord>();
  std::vector<std::string> all;
  for (const InputRecord& input : inputs) {
    const bool there = is_a_path(input.path);
    if (!there || !data::Npz(input.path).has(name))
      throw UsageError(fmt::format("there is no such file, {} {}, which the index was built from{}",
                                   there ? "nor an array of that name in" : "and", input.path,
                                   there ? "" : ", is not there"),
                       "--titles " + name);
    const std::vector<std::string> part = array_of(input.path, name);
    all.insert(all.end(), part.begin(), part.end());
  }
  if (inputs.empty())
    throw UsageError(
        "there is no such file, and no manifest beside the index that tells whose array it could be; name a "
        "text file with a title a line, or FILE.npz:ARRAY",
        "--titles " + name);
  return all;
}

std::vector<std::string> titles_named(const std::string& named, const std::string& index_path) {
  if (is_a_path(named)) return titles_in_file(named);
  const std::size_t colon = named.rfind(':');
  if (colon != std::string::npos && is_a_path(named.substr(0, colon)))
    return array_of(named.substr(0, colon), named.substr(colon + 1));
  return titles_of_inputs(named, index_path);
}

}  // namespace

std::vector<std::string> read_titles(const std::string& named, const std::string& index_path,
                                     const ann::IndexPieces& index) {
  std::vector<std::string> titles = titles_named(named, index_path);
  if (!index.has_ids() && static_cast<std::int64_t>(titles.size()) != index.rows())
    throw DataError(fmt::format("{} titles, and {} holds {} vectors: one title a row is expected",
                                titles.size(), index_path, index.rows()),
                    named);
  return titles;
}

void expect_titles(const std::vector<std::string>& titles, const std::string& named,
                   const ann::Neighbours& found) {
  for (const std::int64_t id : found.ids)
    if (id >= static_cast<std::int64_t>(titles.size()))
      throw DataError(
          fmt::format("{} titles, and a neighbour has the id {}: the index has ids of its own, and "
                      "title number id, counted from 0, is taken",
                      titles.size(), id),
          named);
}

}  // namespace runner::jobs
