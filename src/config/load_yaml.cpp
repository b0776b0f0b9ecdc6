#include "config/load_yaml.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "base/log.h"

namespace runner::config::detail {
namespace {

constexpr std::size_t most_values = 100000;
constexpr std::size_t most_levels = 64;

std::string place_of(const YAML::Mark& mark, const std::string& file) {
  return mark.is_null() ? file : fmt::format("{}:{}:{}", file, mark.line + 1, mark.column + 1);
}

// Follows a document as it is read, counting each alias as what it stands for.
class Guard : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor, 1); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    leaf(mark, anchor, 1);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto size = sizes_.find(anchor);
    if (size == sizes_.end()) throw YAML::ParserException(mark, "an alias inside of what it stands for");
    leaf(mark, YAML::NullAnchor, size->second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    YAML::anchor_t anchor;
    std::size_t before;  // values counted when it began
  };

  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, std::size_t size) {
    if (anchor != YAML::NullAnchor) sizes_[anchor] = size;
    count_ += size;
    if (count_ > most_values)
      throw YAML::ParserException(
          mark, fmt::format("more than {} values, counting what aliases stand for", most_values));
  }
  void open(const YAML::Mark& mark, YAML::anchor_t anchor) {
    levels_.push_back({anchor, count_});
    if (levels_.size() > most_levels)
      throw YAML::ParserException(mark, fmt::format("more than {} levels", most_levels));
    leaf(mark, YAML::NullAnchor, 1);
  }
  void close() {
    if (levels_.back().anchor != YAML::NullAnchor)
      sizes_[levels_.back().anchor] = count_ - levels_.back().before;
    levels_.pop_back();
  }

  std::vector<Level> levels_;
  std::map<YAML::anchor_t, std::size_t> sizes_;  // finished ones
  std::size_t count_ = 0;
};

void check(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  Guard first;
  if (!parser.HandleNextDocument(first)) return;
  // Where the next one begins: the parser tells it only by the document's own first event.
  struct Begin : Guard {
    void OnDocumentStart(const YAML::Mark& mark) override {
      throw YAML::ParserException(
          mark, "a second document begins here; a file describes one job, keep one of them");
    }
  } next;
  parser.HandleNextDocument(next);
}

// Half of a pair of surrogates in double quotes, \udcff, as the byte it stands for. Nothing when there is
// none.
std::optional<std::string> with_bytes(const std::string& text) {
  std::string out;
  bool found = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 >= text.size()) {
      out += text[at];
      continue;
    }
    unsigned byte = 0;
    const bool is_byte = text[at + 1] == 'u' && text.size() >= at + 6 &&
                         (text.compare(at + 2, 2, "dc") == 0 || text.compare(at + 2, 2, "DC") == 0) &&
                         std::sscanf(text.substr(at + 4, 2).c_str(), "%2x", &byte) == 1 && byte >= 0x80;
    if (is_byte)
      out += static_cast<char>(byte);
    else
      out += text.substr(at, 2);
    at += is_byte ? 5 : 1;
    found = found || is_byte;
  }
  return found ? std::optional(out) : std::nullopt;
}

// The line that a complaint is about, with a caret under the column.
std::string excerpt(const std::string& text, int line, int column) {
  std::istringstream lines(text);
  std::string shown;
  for (int i = 0; i <= line; ++i)
    if (!std::getline(lines, shown)) return "";
  std::replace(shown.begin(), shown.end(), '\t', ' ');
  constexpr std::size_t before = 60, width = 120;
  std::size_t caret = static_cast<std::size_t>(std::max(0, column));
  const std::size_t cut = caret > before && shown.size() > width ? caret - before : 0;
  caret -= cut;
  return "\n  " + shown.substr(std::min(cut, shown.size()), width) + "\n  " + std::string(caret, ' ') + "^";
}

// A tab where YAML wants blanks makes the parser stumble there or at the next line, over something else.
std::optional<YAML::Mark> tab_before(const std::string& text, int line) {
  std::istringstream lines(text);
  std::string shown;
  std::optional<YAML::Mark> found;
  for (int i = 0; i <= line && std::getline(lines, shown); ++i) {
    const std::size_t tab = shown.find_first_not_of(' ');
    if (tab == std::string::npos || shown[tab] != '\t' || i + 1 < line) continue;
    if (shown.find_first_not_of(" \t\r") == std::string::npos) continue;
    YAML::Mark mark;
    mark.line = i;
    mark.column = static_cast<int>(tab);
    found = mark;
  }
  return found;
}

// The text around a brace in which the parser has stumbled: "a={steps.b.output}" inside of [ ], "{name}/x"
// anywhere. Nothing when it stumbled over something else.
std::optional<std::string> word_with_braces(const std::string& text, const YAML::Mark& mark) {
  std::istringstream lines(text);
  std::string line;
  for (int i = 0; i <= mark.line; ++i)
    if (!std::getline(lines, line)) return {};
  const auto at = static_cast<std::size_t>(std::max(0, mark.column));
  if (at == 0 || at >= line.size()) return {};
  constexpr const char* before_a_value = " \t,[{:";
  const bool opens =
      line[at] == '{' && std::string_view(before_a_value).find(line[at - 1]) == std::string::npos;
  if (!opens && line[at - 1] != '}') return {};
  const std::size_t open = line.rfind('{', at), close = line.find('}', opens ? at : at - 1);
  if (open == std::string::npos || close == std::string::npos) return {};
  const std::size_t outside = open == 0 ? std::string::npos : line.find_last_of(" \t,[", open - 1);
  const std::size_t begin = outside == std::string::npos ? 0 : outside + 1;
  const std::size_t end = line.find_first_of(" \t,]\r", close);
  std::string word = line.substr(begin, end == std::string::npos ? end : end - begin);
  while (std::count(word.begin(), word.end(), '}') > std::count(word.begin(), word.end(), '{'))
    word.pop_back();  // of a mapping around it
  return word;
}

[[noreturn]] void refuse(const YAML::Exception& error, const std::string& text, const std::string& file) {
  if (error.mark.is_null()) throw BadYaml{{file, "", "not valid YAML: " + error.msg}};
  if (const auto tab = tab_before(text, error.mark.line))
    throw BadYaml{{place_of(*tab, file), "",
                   "not valid YAML: a tab at the line's beginning; YAML indents with blanks only" +
                       excerpt(text, tab->line, tab->column)}};
  const auto word = word_with_braces(text, error.mark);
  throw BadYaml{{place_of(error.mark, file), "",
                 "not valid YAML: " + (word ? needs_quotes(*word) : error.msg) +
                     excerpt(text, error.mark.line, error.mark.column)}};
}

}  // namespace

std::string needs_quotes(const std::string& text) {
  return "a text with braces needs quotes: \"" + text + "\"";
}

YAML::Node load_yaml(const std::string& text, const std::string& file) {
  try {
    try {
      check(text);
      return YAML::Load(text);
    } catch (const YAML::ParserException&) {
      const auto bytes = with_bytes(text);
      if (!bytes) throw;
      check(*bytes);
      return YAML::Load(*bytes);
    }
  } catch (const YAML::Exception& error) {
    refuse(error, text, file);
  }
}

}  // namespace runner::config::detail
