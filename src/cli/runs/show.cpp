#include "cli/runs/show.h"

#include <algorithm>
#include <map>

#include "base/json_file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/progress.h"

namespace runner::cli {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

std::string shown(const Json& value) {
  if (value.is_null()) return "–";
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  return value.is_string() ? value.get<std::string>() : json_text(value);
}

// "a 1, b 2" of the members that are there and tell something.
std::string members(const Json& object, std::initializer_list<const char*> keys) {
  std::string text;
  for (const char* key : keys) {
    const Json& value = member_in(object, key);
    if (value.is_null() || value.is_structured()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, shown(value));
  }
  return text;
}

// Input files with the hashes that were taken of them: of a training, of an index.
Texts inputs_of(const PastRun& run) {
  Texts files;
  for (const Json* list :
       {&member_in(member_in(run.contents, "data"), "files"), &member_in(run.contents, "inputs")})
    if (list->is_array())
      for (const Json& file : *list) files.emplace_back(text_in(file, "path", "?"), text_in(file, "xxh64"));
  return files;
}

Texts versions_of(const PastRun& run) {
  Texts versions;
  for (const char* key : {"runner", "faiss"})
    if (!text_in(run.contents, key).empty()) versions.emplace_back(key, text_in(run.contents, key));
  const Json& more = member_in(run.contents, "versions");
  if (more.is_object())
    for (const auto& [key, value] : more.items()) versions.emplace_back(key, shown(value));
  const std::string threads = shown(member_in(member_in(run.contents, "launch"), "threads"));
  if (threads != "–") versions.emplace_back("threads", threads);
  if (!text_in(run.contents, "engine").empty())
    versions.emplace_back("engine", text_in(run.contents, "engine"));
  return versions;
}

// Every number of the result, nested ones by "VAL.gain".
void add_figures(const Json& object, const std::string& before, std::map<std::string, double>& figures) {
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.items()) {
    if (value.is_number()) figures[before + key] = value.get<double>();
    if (value.is_object()) add_figures(value, before + key + ".", figures);
  }
}

std::map<std::string, double> figures_of(const PastRun& run) {
  std::map<std::string, double> figures;
  if (run.text("job") == "eval") {
    for (const char* split : {"VAL", "OOD"}) add_figures(run.split(split), std::string(split) + ".", figures);
  } else {
    add_figures(member_in(run.contents, "result"), "", figures);
  }
  return figures;
}

// {key: {a, b}} of what differs or stands on one side alone.
Json differing(const Texts& a, const Texts& b) {
  Json out = Json::object();
  const auto value_in = [](const Texts& texts, const std::string& key) {
    const auto at =
        std::find_if(texts.begin(), texts.end(), [&](const auto& pair) { return pair.first == key; });
    return at == texts.end() ? Json(nullptr) : Json(at->second);
  };
  for (const Texts* side : {&a, &b})
    for (const auto& [key, value] : *side)
      if (value_in(a, key) != value_in(b, key)) out[key] = {{"a", value_in(a, key)}, {"b", value_in(b, key)}};
  return out;
}

void add_section(std::string& text, const char* heading, const Json& pairs) {
  if (pairs.empty()) return;
  text += fmt::format("{}\n", heading);
  for (const auto& [key, values] : pairs.items())
    text +=
        fmt::format("  {:<32} {} -> {}\n", key, shown(member_in(values, "a")), shown(member_in(values, "b")));
}

void add_line(std::string& text, const char* name, const std::string& value) {
  if (!value.empty() && value != "-")
    text += fmt::format("{:<10}{}\n", name, printable(value, LineBreaks::escape));
}

}  // namespace

std::string run_screen(const PastRun& run) {
  const Json& contents = run.contents;
  const Json& result = member_in(contents, "result");
  std::string text;
  add_line(text, "run", run.place.string());
  add_line(text, "job", fmt::format("{} ({})", run.text("job"), run.text("name")));
  const auto seconds = run.seconds();
  add_line(
      text, "outcome",
      fmt::format("{}{}", run.outcome(), seconds ? ", took " + format_duration(*seconds) : std::string()));
  add_line(text, "started", run.started());
  add_line(text, "error", text_in(contents, "error"));
  for (const auto& [file, hash] : inputs_of(run)) add_line(text, "input", fmt::format("{}  {}", file, hash));
  add_line(text, "data",
           members(member_in(contents, "data"),
                   {"kind", "width", "context", "training_windows", "validation_windows"}));
  add_line(text, "best", members(result, {"best_val_cosine", "best_val_loss", "gain", "best_baseline"}));
  add_line(text, "", members(result, {"epochs", "steps", "samples_per_second", "rollbacks"}));
  add_line(text, "index",
           members(result, {"factory", "ntotal", "dimension", "bytes", "self_recall", "recall_at_10"}));
  for (const char* split : {"VAL", "OOD"})
    add_line(text, split,
             members(run.split(split), {"val_cosine", "r_at_1", "r_at_5", "gain", "best_baseline"}));
  add_line(text, "model", text_in(contents, "model", text_in(result, "model")));
  add_line(text, "device", members(result, {"device", "precision", "engine", "rss_mb"}));
  std::string versions;
  for (const auto& [name, version] : versions_of(run))
    versions += fmt::format("{}{} {}", versions.empty() ? "" : ", ", name, version);
  add_line(text, "versions", versions);
  add_line(text, "command", text_in(member_in(contents, "launch"), "command"));
  return text;
}

Json run_difference(const PastRun& a, const PastRun& b) {
  Json out = {{"a", a.place.string()},
              {"b", b.place.string()},
              {"config", differing(configuration_of(a), configuration_of(b))},
              {"figures", Json::object()},
              {"versions", differing(versions_of(a), versions_of(b))},
              {"inputs", differing(inputs_of(a), inputs_of(b))}};
  const auto one = figures_of(a), other = figures_of(b);
  for (const auto* side : {&one, &other})
    for (const auto& [name, unused] : *side) {
      const auto in_a = one.find(name), in_b = other.find(name);
      const Json value_a = in_a == one.end() ? Json(nullptr) : Json(in_a->second);
      const Json value_b = in_b == other.end() ? Json(nullptr) : Json(in_b->second);
      if (value_a == value_b) continue;
      const bool both = !value_a.is_null() && !value_b.is_null();
      out["figures"][name] = {{"a", value_a},
                              {"b", value_b},
                              {"difference", both ? Json(in_b->second - in_a->second) : Json(nullptr)}};
    }
  return out;
}

std::string difference_text(const Json& d) {
  std::string text = fmt::format("a  {}\nb  {}\n", text_in(d, "a"), text_in(d, "b"));
  const std::size_t head = text.size();
  add_section(text, "configuration", member_in(d, "config"));
  if (!member_in(d, "figures").empty()) text += "figures\n";
  for (const auto& [name, values] : member_in(d, "figures").items()) {
    const Json& change = member_in(values, "difference");
    text += fmt::format("  {:<32} {} -> {}{}\n", name, shown(member_in(values, "a")),
                        shown(member_in(values, "b")),
                        change.is_null() ? "" : fmt::format("  ({:+.6g})", change.get<double>()));
  }
  add_section(text, "versions", member_in(d, "versions"));
  add_section(text, "inputs", member_in(d, "inputs"));
  return text.size() == head ? text + "nothing differs\n" : text;
}

}  // namespace runner::cli
