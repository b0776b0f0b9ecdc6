#include "index/shards/shard_folder.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/file_system.h"
#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"

namespace runner::ann {
namespace fs = std::filesystem;

namespace {

constexpr const char* end_of_manifest = ".manifest.json";
constexpr const char* none_published = "; nothing was published";

fs::path beside(const fs::path& file, const char* end) {
  return file.string() + end;
}

// "0003-of-0008.index" and what is made beside it.
std::optional<Shard> shard_of_name(const std::string& name) {
  long long number = 0, count = 0;
  int length = 0;
  if (std::sscanf(name.c_str(), "%lld-of-%lld.index%n", &number, &count, &length) != 2 || length == 0)
    return std::nullopt;
  return Shard{number, count};
}

std::string names_of(const std::vector<Shard>& shards) {
  std::string text;
  for (std::size_t i = 0; i < shards.size() && i < 10; ++i)
    text += (i == 0 ? "" : ", ") + to_string(shards[i]);
  return shards.size() > 10 ? fmt::format("{} and {} more", text, shards.size() - 10) : text;
}

std::string way_out(const Shard& shard) {
  return fmt::format("; build it again: runner index CONFIG --shard {}", to_string(shard));
}

// Of every part that has a file: its division, and whether the manifest is there too.
std::map<std::int64_t, std::set<std::int64_t>> parts_there(const fs::path& folder) {
  std::map<std::int64_t, std::set<std::int64_t>> divisions;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const auto shard = shard_of_name(name);
    if (!shard || !name.ends_with(".index") || !entry.is_regular_file(error)) continue;
    auto& numbers = divisions[shard->count];
    if (fs::is_regular_file(beside(entry.path(), end_of_manifest), error)) numbers.insert(shard->number);
  }
  return divisions;
}

std::string divisions_text(const std::map<std::int64_t, std::set<std::int64_t>>& divisions) {
  std::vector<std::int64_t> counts;
  counts.reserve(divisions.size());
  for (const auto& [count, numbers] : divisions) counts.push_back(count);
  return fmt::format("{}", fmt::join(counts, " and of "));
}

ShardFile open_part(const fs::path& file, const Shard& shard) {
  const fs::path path = beside(file, end_of_manifest);
  ShardFile part{file, shard_manifest(Manifest::read(path), path.string())};
  if (part.manifest.shard != shard)
    throw DataError(
        fmt::format("it is the manifest of part {}{}", to_string(part.manifest.shard), way_out(shard)),
        path.string());
  const auto size = fs::file_size(file);
  if (size != part.manifest.bytes)
    throw DataError(fmt::format("part {} is torn: {} bytes, and {} when it was built{}", to_string(shard),
                                size, part.manifest.bytes, way_out(shard)),
                    file.string());
  return part;
}

// The first key that differs; "" when none does.
std::string other_setting(const Json& now, const Json& then) {
  for (const auto& [key, value] : now.items())
    if (member_in(then, key.c_str()) != value)
      return fmt::format("{} {}, and now {}", key, json_text(member_in(then, key.c_str())), json_text(value));
  return "";
}

std::string other_input(const std::vector<InputRecord>& now, const std::vector<InputRecord>& then) {
  if (then.size() != now.size()) return fmt::format("{} input files, and now {}", then.size(), now.size());
  for (std::size_t i = 0; i < now.size(); ++i) {
    const bool both_hashed = !then[i].xxh64.empty() && !now[i].xxh64.empty();
    if (then[i].bytes != now[i].bytes || (both_hashed && then[i].xxh64 != now[i].xxh64))
      return fmt::format("other data: {} has changed since", now[i].path);
  }
  return "";
}

}  // namespace

Json ShardManifest::to_json() const {
  return {{"job", "index"},         {"outcome", "finished"}, {"shard", to_string(shard)},
          {"first_row", first_row}, {"rows", rows},          {"total_rows", total_rows},
          {"width", width},         {"bytes", bytes},        {"xxh64", xxh64},
          {"trained", trained},     {"settings", settings},  {"inputs", inputs}};
}

ShardManifest shard_manifest(const Manifest& manifest, const std::string& file) {
  const Json& json = manifest.contents();
  ShardManifest m;
  try {
    m.shard = parse_shard(text_in(json, "shard", "none"));
  } catch (const UsageError&) {
    throw DataError("is no manifest of a part of an index", file);
  }
  m.first_row = integer_in(json, "first_row", -1);
  m.rows = integer_in(json, "rows", -1);
  m.total_rows = integer_in(json, "total_rows", -1);
  m.width = integer_in(json, "width", -1);
  m.bytes = static_cast<std::uint64_t>(integer_in(json, "bytes"));
  m.xxh64 = text_in(json, "xxh64");
  m.trained = text_in(json, "trained");
  m.settings = manifest.settings();
  m.inputs = manifest.inputs();
  if (m.first_row < 0 || m.rows < 1 || m.total_rows < m.rows || m.width < 1 || m.xxh64.empty())
    throw DataError(fmt::format("is damaged{}", way_out(m.shard)), file);
  return m;
}

fs::path ShardFolder::file(const Shard& shard) const {
  return folder_ / fmt::format("{:04}-of-{:04}.index", shard.number, shard.count);
}

void ShardFolder::expect_division(std::int64_t count) const {
  auto divisions = parts_there(folder_);
  divisions.erase(count);
  if (divisions.empty()) return;
  throw UsageError(
      fmt::format("it holds parts of a division by {} already: take the same number, or remove the folder",
                  divisions_text(divisions)),
      folder_.string());
}

std::vector<ShardFile> ShardFolder::all() const {
  const auto divisions = parts_there(folder_);
  if (divisions.empty())
    throw DataError(std::string("there are no parts to merge: runner index CONFIG --shard I/N builds one") +
                        none_published,
                    folder_.string());
  if (divisions.size() > 1)
    throw DataError(fmt::format("it holds parts of {}: remove those that are not meant{}",
                                divisions_text(divisions), none_published),
                    folder_.string());
  const auto& [count, numbers] = *divisions.begin();
  std::vector<Shard> missing, locked;
  for (std::int64_t i = 0; i < count; ++i) {
    if (!numbers.contains(i)) missing.push_back({i, count});
    if (FileLock::held(beside(file({i, count}), ".lock"))) locked.push_back({i, count});
  }
  if (!locked.empty())
    throw DataError(
        fmt::format("being built right now: {}; wait for that{}", names_of(locked), none_published),
        folder_.string());
  if (!missing.empty())
    throw DataError(
        fmt::format("missing: {} of {} parts ({}); runner index CONFIG --shard {} builds the first{}",
                    missing.size(), count, names_of(missing), to_string(missing[0]), none_published),
        folder_.string());
  std::vector<ShardFile> parts;
  for (std::int64_t i = 0; i < count; ++i) parts.push_back(open_part(file({i, count}), {i, count}));
  return parts;
}

void ShardFolder::remove() const {
  std::error_code error;
  std::vector<fs::path> ours;
  bool in_use = false;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (shard_of_name(name) || name.starts_with("trained.index")) ours.push_back(entry.path());
    in_use = in_use || (name.ends_with(".lock") && FileLock::held(entry.path()));
  }
  if (in_use) return;
  for (const fs::path& path : ours) fs::remove(path, error);
  fs::remove(folder_, error);  // stays when something else is in it
}

void expect_one_index(const std::vector<ShardFile>& parts, const Json& settings,
                      const std::vector<InputRecord>& inputs) {
  const ShardManifest& first = parts.front().manifest;
  std::int64_t next = 0;
  for (const ShardFile& part : parts) {
    const ShardManifest& m = part.manifest;
    std::string wrong = other_setting(settings.is_null() ? first.settings : settings, m.settings);
    if (wrong.empty()) wrong = other_input(inputs.empty() ? first.inputs : inputs, m.inputs);
    if (wrong.empty() && m.trained != first.trained)
      wrong = "another training than part " + to_string(first.shard);
    if (wrong.empty() && (m.first_row != next || m.total_rows != first.total_rows || m.width != first.width))
      wrong = fmt::format("rows {} … of {}, where {} … of {} were to follow", m.first_row, m.total_rows, next,
                          first.total_rows);
    if (!wrong.empty())
      throw DataError(fmt::format("part {} was built with {}{}", to_string(m.shard), wrong, way_out(m.shard)),
                      part.file.string());
    next += m.rows;
  }
  if (next != first.total_rows)
    throw DataError(fmt::format("its parts end at row {} of {}", next, first.total_rows),
                    parts.back().file.string());
}

void publish_shard(const fs::path& built, const fs::path& file, const Json& manifest) {
  const fs::path told = beside(file, end_of_manifest);
  std::error_code error;
  fs::remove(told, error);  // of the part before
  if (file_system().rename(built, file) != 0) throw_errno("cannot rename into place", file.string());
  write_file_atomically(told, json_text(manifest, 2) + "\n");
}

}  // namespace runner::ann
