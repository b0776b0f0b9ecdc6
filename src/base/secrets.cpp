#include "base/secrets.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

extern char** environ;

namespace runner {
namespace {

constexpr std::size_t shortest_secret = 6;

struct Secret {
  std::string name, value;
};

bool is_place(const std::string& value) {
  return value.front() == '/' && ::access(value.c_str(), F_OK) == 0;
}

// The longest first: one may hold another.
std::vector<Secret> secrets_of_this_process() {
  std::vector<Secret> found;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !names_secret(text.substr(0, equals))) continue;
    Secret secret{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
    if (secret.value.size() >= shortest_secret && !is_place(secret.value)) found.push_back(std::move(secret));
  }
  std::sort(found.begin(), found.end(),
            [](const Secret& a, const Secret& b) { return a.value.size() > b.value.size(); });
  return found;
}

// Read once: the environment of this process, as its first line of output finds it.
const std::vector<Secret>& secrets() {
  static const std::vector<Secret> all = secrets_of_this_process();
  return all;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string reference(const std::string& name) {
  return "${" + name + "}";
}

}  // namespace

bool names_secret(std::string_view variable) {
  static constexpr std::array<std::string_view, 6> words = {"TOKEN",    "KEY",    "SECRET",
                                                            "PASSWORD", "PASSWD", "CREDENTIAL"};
  std::string name(variable);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

std::vector<SecretPiece> split_at_secrets(std::string_view text) {
  std::vector<SecretPiece> pieces;
  std::string open;
  for (std::size_t at = 0; at < text.size();) {
    const auto here = std::find_if(secrets().begin(), secrets().end(), [&](const Secret& secret) {
      return text.compare(at, secret.value.size(), secret.value) == 0;
    });
    if (here == secrets().end()) {
      open += text[at++];
      continue;
    }
    if (!open.empty()) pieces.push_back({std::exchange(open, ""), false});
    pieces.push_back({here->name, true});
    at += here->value.size();
  }
  if (!open.empty()) pieces.push_back({std::move(open), false});
  return pieces;
}

std::string hide_secrets(std::string text) {
  for (const Secret& secret : secrets()) replace_all(text, secret.value, reference(secret.name));
  return text;
}

std::string reveal_secrets(std::string text) {
  for (const Secret& secret : secrets()) replace_all(text, reference(secret.name), secret.value);
  return text;
}

}  // namespace runner
