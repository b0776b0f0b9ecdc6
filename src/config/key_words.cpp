#include "config/key_words.h"

#include <yaml-cpp/yaml.h>

#include "base/log.h"
#include "config/yaml_text.h"

namespace runner::config {
namespace {

std::string type_word(const Field& field) {
  if (!field.allowed.empty()) return "WORD";
  if (field.must_be_file) return "FILE";
  if (field.must_exist) return "RUN";
  switch (field.kind) {
    case Kind::boolean:
      return "BOOL";
    case Kind::integer:
    case Kind::integer_list:
      return "INT";
    case Kind::number:
    case Kind::number_list:
      return "NUM";
    case Kind::items:
      return "LIST";
    case Kind::text:
    case Kind::text_list:
      break;
  }
  return field.key == "output" ? "PATH" : "TEXT";
}

bool takes_several(const Field& field) {
  return field.kind == Kind::text_list || field.kind == Kind::number_list || field.kind == Kind::integer_list;
}

std::string limits_of(const Field& field) {
  if (field.low && field.high) return fmt::format("{} to {}", *field.low, *field.high);
  if (field.low) return fmt::format("{} {}", field.low_exclusive ? "above" : "at least", *field.low);
  return "";
}

}  // namespace

KeyWords key_words_of(const Field& field) {
  KeyWords words{field.key,     field.help, type_word(field), limits_of(field),
                 field.allowed, "",         field.flags,      field.is_required};
  if (takes_several(field)) words.type += "…";
  const YAML::Node value = field.kind == Kind::items ? YAML::Node() : field.write();
  const bool nothing = value.IsNull() || (value.IsScalar() && value.Scalar().empty()) ||
                       (value.IsSequence() && value.size() == 0);
  if (!nothing && !field.is_required) words.default_value = detail::yaml_text(value);
  return words;
}

std::vector<KeyWords> key_words(const Binder& binder) {
  std::vector<KeyWords> all;
  for (const auto& field : binder.fields()) all.push_back(key_words_of(*field));
  return all;
}

}  // namespace runner::config
