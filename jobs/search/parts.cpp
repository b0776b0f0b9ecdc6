#include "jobs/search/parts.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/status.h"
#include "data/formats/numpy/npz.h"
#include "data/formats/numpy/npz_writer.h"

namespace runner::jobs {
namespace fs = std::filesystem;

namespace {

using Numbers = std::vector<std::int64_t>;

fs::path folder_of(const std::string& output) {
  return output + ".shards";
}

fs::path file_of(const std::string& output, const ann::Shard& shard) {
  return folder_of(output) / fmt::format("{:04}-of-{:04}.npz", shard.number, shard.count);
}

std::optional<ann::Shard> shard_of(const fs::path& file) {
  long long number = 0, count = 0;
  int length = 0;
  const std::string name = file.filename().string();
  if (std::sscanf(name.c_str(), "%lld-of-%lld.npz%n", &number, &count, &length) != 2 ||
      length != static_cast<int>(name.size()))
    return std::nullopt;
  return ann::Shard{number, count};
}

Numbers as_numbers(const std::string& hash) {
  return {hash.begin(), hash.end()};
}

// By number of parts, which of them are there.
std::map<std::int64_t, std::set<std::int64_t>> parts_in(const fs::path& folder) {
  std::map<std::int64_t, std::set<std::int64_t>> there;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (const auto shard = shard_of(entry.path())) there[shard->count].insert(shard->number);
  return there;
}

// "" or how this part differs from the search that is to be merged.
std::string other_search(const data::Npz& file, const SearchIdentity& search) {
  if (data::read_integers(file.array("queries_hash")) != as_numbers(search.queries))
    return "of other queries";
  if (data::read_integers(file.array("index_hash")) != as_numbers(search.index))
    return "in another index, or another version of it";
  const Numbers shape = data::read_integers(file.array("search"));
  if (shape != Numbers{search.n, search.k, search.rows})
    return fmt::format("for {} neighbours of each of {} queries among {} rows, and not {} of {} among {}",
                       shape.size() > 1 ? shape[1] : 0, shape.empty() ? 0 : shape[0],
                       shape.size() > 2 ? shape[2] : 0, search.k, search.n, search.rows);
  return "";
}

template <class T>
std::vector<T> values_of(const data::Npz& file, const char* name, const SearchIdentity& search) {
  std::vector<T> values(static_cast<std::size_t>(search.n * search.k));
  const data::Array array = file.array(name);
  const std::string bytes = data::read_bytes(array, values.size() * sizeof(T));
  if (bytes.size() != values.size() * sizeof(T)) throw DataError("has another shape", array.place);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

ann::Neighbours read_part(const fs::path& path, const ann::Shard& shard, const SearchIdentity& search) {
  const std::string again = fmt::format("; search again with --shard {}", to_string(shard));
  try {
    const data::Npz file(path);
    const std::string other = other_search(file, search);
    if (!other.empty())
      throw DataError(fmt::format("part {} is a search {}{}", to_string(shard), other, again), path.string());
    return {search.n, search.k, values_of<float>(file, "scores", search),
            values_of<std::int64_t>(file, "ids", search)};
  } catch (const DataError& error) {
    if (std::string(error.what()).ends_with(again)) throw;
    throw DataError(fmt::format("part {} is damaged ({}){}", to_string(shard), error.what(), again),
                    path.string());
  }
}

}  // namespace

std::string write_search_part(const std::string& output, const ann::Shard& shard,
                              const SearchIdentity& search, const ann::Neighbours& found) {
  status::set_phase("write the neighbours");
  auto there = parts_in(folder_of(output));
  there.erase(shard.count);
  if (!there.empty())
    throw UsageError(
        fmt::format("it holds parts of a search in {} parts already: take the same number, or remove the "
                    "folder",
                    there.begin()->first),
        folder_of(output).string());
  data::NpzWriter writer(file_of(output, shard));
  writer.write("ids", data::DType::i64, {search.n, search.k}, found.ids.data());
  writer.write("scores", data::DType::f32, {search.n, search.k}, found.scores.data());
  writer.write("search", Numbers{search.n, search.k, search.rows});
  writer.write("index_hash", as_numbers(search.index));
  writer.write("queries_hash", as_numbers(search.queries));
  writer.finish();
  return writer.target().string();
}

ann::Neighbours merge_search_parts(const std::string& output, const SearchIdentity& search,
                                   ann::Metric metric) {
  status::set_phase("merge the parts");
  const fs::path folder = folder_of(output);
  const auto there = parts_in(folder);
  if (there.empty())
    throw DataError("there are no parts to merge: the same command with --shard I/N makes one",
                    folder.string());
  if (there.size() > 1)
    throw DataError(
        fmt::format("it holds parts of a search in {} parts and of one in {}: remove those that are not "
                    "meant",
                    there.begin()->first, there.rbegin()->first),
        folder.string());
  const auto& [count, numbers] = *there.begin();
  ann::Neighbours best;
  for (std::int64_t number = 0; number < count; ++number)
    if (!numbers.contains(number))
      throw DataError(
          fmt::format("part {}/{} is missing; search with --shard {}/{}", number, count, number, count),
          folder.string());
  for (std::int64_t number = 0; number < count; ++number) {
    ann::Neighbours part = read_part(file_of(output, {number, count}), {number, count}, search);
    if (number == 0)
      best = std::move(part);
    else
      merge_neighbours(metric, best, part);
    status::beat();
  }
  return best;
}

void remove_search_parts(const std::string& output) {
  std::error_code error;
  std::vector<fs::path> ours;
  for (const auto& entry : fs::directory_iterator(folder_of(output), error))
    if (shard_of(entry.path())) ours.push_back(entry.path());
  for (const fs::path& path : ours) fs::remove(path, error);
  fs::remove(folder_of(output), error);  // stays when something else is in it
}

}  // namespace runner::jobs
