#include "cli/help/json_page.h"

#include <cctype>

#include "base/log.h"
#include "contract/json_keys.h"

namespace runner::cli {
namespace {

constexpr const char* head =
    "# What `--json` prints\n\n"
    "One object as the last line of standard output; all else goes to standard error. Made by\n"
    "`scripts/schemas.sh` from `src/contract/json_keys_*.cpp`, and held against what the commands print by a "
    "test.\n"
    "`runner json - KEY...` takes values out of it in a shell: `runner train p6b_v23 --json | runner json - "
    "output gain`.\n\n"
    "A command that ends with an error prints `{\"error\": `[error](#error)`}`, with every mistake in "
    "`problems`.\n"
    "`runner exec`, `runner json`, `runner completion` and `runner config schema` have no such object: their "
    "output is\n"
    "another program's, or for one.\n\n"
    "## The same everywhere\n\n"
    "| name | is |\n|---|---|\n"
    "| `output` | the file or folder that was written; `path`: a file of a list |\n"
    "| `wall_s` | seconds, the whole job; `build_s`, `search_s`, …: that part of it |\n"
    "| `seconds` | seconds, of a plan or of a past run |\n"
    "| `step_ms`, `exchange_ms` | milliseconds a step |\n"
    "| `samples_per_second` | the rate of training |\n"
    "| `bytes`, `…_bytes` | bytes; `rss_mb`: most memory of the process, in 10⁶ bytes |\n"
    "| `ntotal`, `dimension` | vectors in an index, and their width; `width`: of vectors elsewhere |\n"
    "| `next` | commands that go on from here |\n"
    "| `problems` | what stopped the command, a list of [problem](#problem) |\n"
    "| `warnings` | what did not, a list of texts |\n"
    "| `cpu_share_lost` | share of the processors' time that others took from this run, where it was seen |\n"
    "| `slowdown_now` | of a plan: what others compute here now would make of `seconds`, a factor |\n\n"
    "Types: a *count* is a whole number, a *flag* true or false, `{name: T}` an object of T by name; \"or "
    "null\": "
    "what was not\ncomputed, or nobody knows. A key marked *sometimes* may be absent.\n";

// A part as a link to its heading, inside whatever brackets.
std::string shown_type(const std::string& type) {
  if (type.ends_with("|null")) return shown_type(type.substr(0, type.size() - 5)) + " or null";
  const char open = type.front();
  if (open == '[' || open == '{') {
    const std::string inside = shown_type(type.substr(1, type.size() - 2));
    return open == '[' ? "list of " + inside : "{name: " + inside + "}";
  }
  return find_json_object(type) == nullptr ? type : "[" + type + "](#" + type + ")";
}

std::string row(const JsonKey& key) {
  std::string meaning = key.meaning;
  if (key.may_be_absent()) meaning = "*sometimes*" + (meaning.empty() ? "" : "; " + meaning);
  const std::string name = key.plain_name();
  const std::string shown = name.empty()  ? std::string("and the keys of")
                            : name == "*" ? std::string("any other")
                                          : "`" + name + "`";
  return fmt::format("| {} | {} | {} |\n", shown, shown_type(key.type), meaning);
}

std::string section(const JsonObject& object) {
  std::string text = fmt::format("\n### {}\n\n", object.name);
  if (*object.about != '\0') {
    std::string about = object.about;
    about[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(about[0])));
    text += about + ".\n\n";
  }
  text += "| key | type | |\n|---|---|---|\n";
  for (const JsonKey& key : object.keys) text += row(key);
  return text;
}

}  // namespace

std::string json_page() {
  std::string page = head;
  page += "\n## Jobs\n";
  for (const JsonObject& object : json_of_jobs()) page += section(object);
  page += "\n## Other commands\n";
  for (const JsonObject& object : json_of_commands()) page += section(object);
  page += "\n## Parts\n";
  for (const JsonObject& object : json_parts()) page += section(object);
  return page;
}

}  // namespace runner::cli
