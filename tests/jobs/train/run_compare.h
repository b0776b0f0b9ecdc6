#pragma once
// Two runs' folders, compared file by file: all must be the same but for what tells times.

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "base/json.h"
#include "support/temporary_folder.h"

namespace runner::test {

inline void forget_times(Json& json) {
  if (json.is_array())
    for (Json& item : json) forget_times(item);
  if (!json.is_object()) return;
  for (const char* key : {"step_ms", "samples_per_second", "first_step_ms", "rss_mb", "validation_s"})
    json.erase(key);
  for (auto& [key, value] : json.items()) forget_times(value);
}

// JSON, one object a line, without times; the checksum in front of a checkpoint's state is of the times too.
inline std::string without_times(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    Json json = Json::parse(line, nullptr, false);
    if (!json.is_structured()) continue;
    forget_times(json);
    out += json.dump() + "\n";
  }
  return out;
}

// As it is to be compared. Logs of what happened are not: two runs may come to the same end in two ways.
inline std::string comparable(const std::filesystem::path& file) {
  const std::string name = file.filename().string(), text = file_contents(file);
  if (name == "metrics.jsonl" || name == "state.json") return without_times(text);
  if (name == "report.html") return "";  // the history and the manifest, drawn: with times and its own folder
  if (name == "training_history.json") return without_times(Json::parse(text).dump());
  if (name == "manifest.json") {
    const Json manifest = Json::parse(text);
    return Json{{"outcome", manifest["outcome"]}, {"config", manifest["config"]}, {"data", manifest["data"]}}
        .dump();
  }
  return text;
}

inline std::set<std::string> files_below(const std::filesystem::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (name.rfind("tensorboard", 0) != 0 && name != "train.log" && name != ".lock") files.insert(name);
  }
  return files;
}

// "" or the first difference.
inline std::string difference(const std::filesystem::path& a, const std::filesystem::path& b) {
  const auto files = files_below(a), others = files_below(b);
  for (const std::string& name : others)
    if (files.count(name) == 0) return name + " is left over";
  for (const std::string& name : files) {
    if (others.count(name) == 0) return name + " is missing";
    if (std::filesystem::is_directory(a / name)) continue;
    const std::string one = comparable(a / name), other = comparable(b / name);
    if (one != other) return name + " differs" + (one.size() < 4000 ? ":\n" + one + "\n" + other : "");
  }
  return "";
}

}  // namespace runner::test
