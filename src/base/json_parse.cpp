// A reader of its own, since the library's refuses the escapes that stand for bytes, and knows no limits.
#include "base/json_parse.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <unordered_map>

#include "base/error.h"
#include "base/progress.h"

namespace runner {
namespace {

void append_utf8(char32_t c, std::string& out) {
  const auto byte = [&out](char32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      byte(0xE0 | c >> 12);
    } else {
      byte(0xF0 | c >> 18);
      byte(0x80 | (c >> 12 & 0x3F));
    }
    byte(0x80 | (c >> 6 & 0x3F));
  }
  byte(0x80 | (c & 0x3F));
}

// Values of an object by key, so that a large one is not searched from its start for each.
class Members {
 public:
  Json& operator[](const std::string& key) {
    auto& list = object_.get_ref<Json::object_t&>();
    const auto [known, is_new] = places_.try_emplace(key, list.size());
    if (is_new) list.emplace_back(key, nullptr);
    return std::next(list.begin(), static_cast<std::ptrdiff_t>(known->second))->second;
  }
  Json take() { return std::move(object_); }

 private:
  Json object_ = Json::object();
  std::unordered_map<std::string, std::size_t> places_;
};

class Parser {
 public:
  Parser(std::string_view text, const std::string& place, int depth)
      : text_(text), place_(place), most_depth_(depth) {}

  Json document() {
    skip_blanks();
    Json value = this->value(0);
    skip_blanks();
    if (at_ < text_.size()) fail("expected the end of the text");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    const std::string_view before = text_.substr(0, std::min(at_, text_.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t start = before.rfind('\n');
    const std::size_t column = start == std::string_view::npos ? before.size() : before.size() - start - 1;
    throw DataError("not valid JSON: " + message,
                    place_ + ":" + std::to_string(line) + ":" + std::to_string(column + 1));
  }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Json value(int depth) {
    if (depth > most_depth_)
      fail("more than " + std::to_string(most_depth_) + " lists and objects inside each other");
    if (take('{')) return object(depth);
    if (take('[')) return array(depth);
    if (take('"')) return text();
    if (take("true")) return true;
    if (take("false")) return false;
    if (take("null")) return nullptr;
    if (take("NaN")) return std::numeric_limits<double>::quiet_NaN();
    if (take("Infinity")) return std::numeric_limits<double>::infinity();
    if (take("-Infinity")) return -std::numeric_limits<double>::infinity();
    return number();
  }

  Json object(int depth) {
    Members members;
    skip_blanks();
    if (take('}')) return members.take();
    do {
      skip_blanks();
      if (!take('"')) fail("expected a key in double quotes");
      const std::string key = text();
      skip_blanks();
      if (!take(':')) fail("expected ':' behind the key");
      skip_blanks();
      members[key] = value(depth + 1);
      skip_blanks();
    } while (take(','));
    if (!take('}')) fail("expected ',' or '}'");
    return members.take();
  }

  Json array(int depth) {
    Json list = Json::array();
    skip_blanks();
    if (take(']')) return list;
    do {
      skip_blanks();
      list.push_back(value(depth + 1));
      skip_blanks();
    } while (take(','));
    if (!take(']')) fail("expected ',' or ']'");
    return list;
  }

  Json number() {
    const std::size_t end = std::min(text_.find_first_not_of("+-.0123456789eE", at_), text_.size());
    const std::string_view digits = text_.substr(at_, end - at_);
    Json number = Json::parse(digits.begin(), digits.end(), nullptr, false);
    if (number.is_discarded()) fail("expected a value");
    at_ = end;
    return number;
  }

  // Behind the opening quote.
  std::string text() {
    std::string out;
    while (!take('"')) {
      const std::size_t end = std::min(text_.find_first_of("\"\\\n", at_), text_.size());
      out += text_.substr(at_, end - at_);
      at_ = end;
      if (take('\\'))
        escape(out);
      else if (here() != '"')
        fail("a text without its closing quote");
    }
    return out;
  }

  void escape(std::string& out) {
    static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    if (take('u')) return append_escaped(hex(), out);
    const std::size_t which = letters.find(here());
    if (at_ >= text_.size() || which == std::string_view::npos) fail("no escape of JSON");
    out += meanings[which];
    ++at_;
  }

  // \udc80 … \udcff alone is a byte; any other half of a pair stands for nothing.
  void append_escaped(char32_t code, std::string& out) {
    const bool high = code >= 0xD800 && code < 0xDC00, low = code >= 0xDC00 && code < 0xE000;
    if (low && code >= 0xDC80 && code <= 0xDCFF) {
      out += static_cast<char>(code - 0xDC00);
      return;
    }
    const std::size_t behind = at_;
    if (high && take("\\u")) {
      const char32_t second = hex();
      if (second >= 0xDC00 && second < 0xE000)
        return append_utf8(0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00), out);
      at_ = behind;
    }
    append_utf8(high || low ? 0xFFFD : code, out);
  }

  char32_t hex() {
    char32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = here();
      const bool digit = c >= '0' && c <= '9', letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
      if (!digit && !letter) fail("expected four hexadecimal digits");
      code = code * 16 + static_cast<char32_t>(digit ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code;
  }

  std::string_view text_;
  const std::string& place_;
  int most_depth_;
  std::size_t at_ = 0;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& place, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    throw DataError("is larger than " + format_bytes(static_cast<double>(limits.bytes)), place);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return Parser(text, place, limits.depth).document();
}

}  // namespace runner
