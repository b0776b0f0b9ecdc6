#include "base/json_text.h"

#include "base/secrets.h"
#include "base/utf8.h"

namespace runner {
namespace {

void write_text(std::string_view text, std::string& out) {
  static constexpr char digits[] = "0123456789abcdef";
  const auto escape = [&out](unsigned number) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += digits[number >> shift & 0xF];
  };
  out += '"';
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (size == 0)
      escape(0xDC00U + byte);
    else if (byte == '"' || byte == '\\')
      (out += '\\') += text[0];
    else if (byte == '\n')
      out += "\\n";
    else if (byte == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      escape(byte);
    else
      out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

std::string shown(const std::string& text, Secrets secrets) {
  return secrets == Secrets::hidden ? hide_secrets(text) : text;
}

void write_value(const Json& value, int indent, int depth, Secrets secrets, std::string& out) {
  if (value.is_string()) return write_text(shown(value.get_ref<const std::string&>(), secrets), out);
  const bool object = value.is_object();
  if (!object && !value.is_array()) {
    out += value.dump();
    return;
  }
  out += object ? '{' : '[';
  const auto new_line = [&](int level) {
    if (indent >= 0) out += '\n' + std::string(static_cast<std::size_t>(indent * level), ' ');
  };
  bool first = true;
  for (auto item = value.begin(); item != value.end(); ++item) {
    if (!first) out += ',';
    first = false;
    new_line(depth + 1);
    if (object) {
      write_text(shown(item.key(), secrets), out);
      out += indent >= 0 ? ": " : ":";
    }
    write_value(*item, indent, depth + 1, secrets, out);
  }
  if (!first) new_line(depth);
  out += object ? '}' : ']';
}

}  // namespace

std::string json_text(const Json& value, int indent, Secrets secrets) {
  std::string out;
  write_value(value, indent, 0, secrets, out);
  return out;
}

std::string json_message(const Json& value) {
  return json_text(value, -1, Secrets::kept);
}

}  // namespace runner
