#include "cli/json_command.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>

#include "base/error.h"
#include "base/json_file.h"
#include "base/log.h"
#include "base/printable.h"
#include "cli/help/command_line.h"

namespace runner::cli {
namespace {

Json read_object(const std::string& file) {
  if (file != "-") return read_json_file(file);
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  Json object = parse_json(text, "standard input");
  if (!object.is_object()) throw DataError("is no JSON object", "standard input");
  return object;
}

// One line: texts as they are, null as nothing. A terminal is not to be moved by what a text holds; a script
// gets its bytes, but for line breaks, which would make two values of it.
std::string line_of(const Json& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return json_text(value);
  std::string text = value.get<std::string>();
  if (::isatty(STDOUT_FILENO) == 1) return printable(text, LineBreaks::escape);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) text.replace(at, 1, "\\n");
  return text;
}

// The item of a list that a key's part counts from 0; null when there is none.
const Json& item_in(const Json& list, const std::string& part) {
  static const Json none;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
  const bool whole = error == std::errc() && end == part.data() + part.size();
  return whole && number < list.size() ? list[number] : none;
}

// "history.*.gain": what stands behind the first dot is looked up in what stands before it.
void add_lines(const Json& value, const std::string& key, std::string& lines) {
  if (key.empty()) {
    lines += line_of(value) + "\n";
    return;
  }
  const std::size_t dot = std::min(key.find('.'), key.size());
  const std::string part = key.substr(0, dot), rest = dot < key.size() ? key.substr(dot + 1) : "";
  if (part == "*" && value.is_array())
    for (const Json& item : value) add_lines(item, rest, lines);
  else
    add_lines(value.is_array() ? item_in(value, part) : member_in(value, part.c_str()), rest, lines);
}

constexpr const char* about_json =
    "Values of a JSON object by their keys, one a line in the order of the keys, for shell scripts.\n"
    "A text comes as it is, without its quotes; null, and what is not there, is an empty line.\n\n"
    "Examples:\n  runner train configs/p6b_v23.yaml --json | runner json - best_val_cosine gain\n"
    "  runner json artifacts/lvm/models/latest/manifest.json result.baselines.copy_last.val_cosine\n"
    "  runner json artifacts/lvm/models/latest/training_history.json 'history.*.val_loss'";

struct JsonLine {
  std::string file;
  std::vector<std::string> keys;
};

void declare(CommandLine& app, JsonLine& line) {
  app.add_option("FILE", line.file, "a JSON file; - for standard input")->type_name("FILE")->required();
  app.add_option("KEY", line.keys,
                 "\"gain\", \"baselines.copy_last.gain\", \"history.0.gain\"; * is every item of a list")
      ->type_name("KEY")
      ->required();
}

}  // namespace

DescribedCommand describe_json_command(const std::string& name) {
  CommandLine app(about_json, name);
  JsonLine line;
  declare(app, line);
  return app.described();
}

int json_command(int argc, char** argv) {
  CommandLine app(about_json, "runner json");
  JsonLine line;
  declare(app, line);
  if (!app.read(argc, argv)) return 0;
  const Json object = read_object(line.file);
  std::string lines;
  for (const std::string& key : line.keys) add_lines(object, key, lines);
  fmt::print("{}", lines);
  return 0;
}

}  // namespace runner::cli
