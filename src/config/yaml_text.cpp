#include "config/yaml_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/log.h"
#include "base/secrets.h"
#include "base/utf8.h"

namespace runner::config::detail {
namespace {

constexpr const char* quoted_tag = "!";  // the tag that YAML gives to quoted scalars

// Words that YAML 1.1 or 1.2 takes for a truth value or for nothing.
bool is_word_of_yaml(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  static constexpr std::array words = {"y",  "n",   "yes",  "no",   "true", "false",
                                       "on", "off", "null", "none", "~",    ""};
  return std::find(words.begin(), words.end(), text) != words.end();
}

// What may be a number, a time, a date or an end of document to some reader: "1_000", "0o17", "12:30:00",
// ".inf".
bool looks_like_number(const std::string& text) {
  return std::string("0123456789+-.").find(text[0]) != std::string::npos &&
         text.find_first_not_of("0123456789abcdefABCDEFxXoOinINtTzZ_.:+- ") == std::string::npos;
}

bool is_plain(const std::string& text) {
  if (is_word_of_yaml(text) || looks_like_number(text)) return false;
  if (std::string("-?:,[]{}#&*!|>'\"%@`=<~ ").find(text[0]) != std::string::npos) return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  if (text.find(": ") != std::string::npos || text.find(" #") != std::string::npos) return false;
  for (const char c : text)
    if (c < 0x20 || c > 0x7E || c == ',' || c == '[' || c == ']' || c == '{' || c == '}') return false;
  return true;
}

// In double quotes; a byte that is no UTF-8 as in base/json_text.h.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    const char32_t c = size == 0 ? 0xDC00U + static_cast<unsigned char>(text[0]) : utf8_character(text);
    const bool shown = (c >= 0x20 && c < 0x7F) || (c >= 0xA0 && c < 0xD800 && c != 0x2028 && c != 0x2029) ||
                       (c >= 0xE000 && c < 0xFFFE && c != 0xFEFF) || c > 0xFFFF;
    if (c == '"' || c == '\\')
      (out += '\\') += text[0];
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (shown)
      out += text.substr(0, size);
    else
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out + "\"";
}

// YAML 1.1 wants a point in a number with an exponent: 1e-08 as 1.0e-08.
std::string with_point(std::string number) {
  const std::size_t exponent = number.find('e');
  const bool digits = number.find_first_not_of("0123456789e+-") == std::string::npos;
  return digits && exponent != std::string::npos ? number.insert(exponent, ".0") : number;
}

std::string flow(const YAML::Node& node) {
  if (node.IsNull()) return "null";
  if (node.IsScalar()) {
    const std::string text = hide_secrets(node.Scalar());
    if (node.Tag() == quoted_tag) return is_plain(text) ? text : in_quotes(text);
    return with_point(text);
  }
  std::string inside;
  for (auto item = node.begin(); item != node.end(); ++item) {
    if (!inside.empty()) inside += ", ";
    inside += node.IsMap() ? flow(item->first) + ": " + flow(item->second) : flow(*item);
  }
  return node.IsMap() ? "{" + inside + "}" : "[" + inside + "]";
}

}  // namespace

YAML::Node text_node(const std::string& text) {
  YAML::Node node(text);
  node.SetTag(quoted_tag);
  return node;
}

std::string yaml_text(const YAML::Node& node) {
  if (!node.IsSequence() || node.size() == 0 || !node[0].IsMap()) return flow(node);
  std::string lines;
  for (const auto& item : node) lines += (lines.empty() ? "- " : "\n- ") + flow(item);
  return lines;
}

}  // namespace runner::config::detail
