#pragma once
// Options declared once. A job describes its plain option struct to a Binder, one call a key: key, where the
// value lives, help, limits. Reading YAML, flags, --help, `config show`, the JSON Schema and the checks all
// come from that.
//
//   void declare(Binder& b, TrainOptions& o) {
//     b.option("train.batch_size", o.batch_size, "rows a step").range(1, 65536).flag("--batch-size");
//   }
//
// The default is the value that the struct holds when it is declared.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/words.h"

namespace YAML {
class Node;
}

namespace runner::config {

enum class Kind { boolean, integer, number, text, text_list, number_list, integer_list, items };

class Binder;

// One declared key. The setters return *this so that they chain.
class Field {
 public:
  Field& range(double low, double high);  // both ends allowed
  Field& above(double low);               // strictly greater
  Field& required();                      // must be given by file or flag
  Field& flag(std::string name);          // "--batch-size": sets this key from the command line
  Field& existing_file();                 // the path(s) must exist when the config is checked
  Field& replaces(std::string key);       // given on the command line, that other key returns to its default
  Field& existing_path();                 // a file or a folder
  // Names that other tools have for it: found by whoever types them, never read.
  Field& also_called(std::vector<std::string> names);
  // Returns "" or what was expected: "auto or a whole number of threads".
  Field& matches(std::function<std::string(const std::string&)> expected);

  // The same as a regular expression (ECMA 262), for the schema: "auto|[1-9][0-9]*". The whole text is meant.
  Field& pattern(std::string expression);

  std::string key, help;
  Kind kind = Kind::text;
  bool optional = false;  // may be null
  std::optional<double> low, high;
  bool low_exclusive = false;
  std::vector<std::string> allowed;  // the words of a choice
  bool is_required = false, must_be_file = false, must_exist = false;
  bool is_record =
      false;  // read from what a run has kept: secrets stay ${NAME} there, whether they are set or not
  std::vector<std::string> flags;
  std::function<std::string(const std::string&)> expected;

  std::string replaced_key, default_yaml;
  std::vector<std::string> other_names;
  std::string expression;

  // Where the current value came from: "default", "configs/x.yaml:12:9", "--epochs", "--set train.epochs".
  std::string origin = "default";
  // The value as YAML shows it, ${NAME} and not what it holds, where that variable's name says that it is
  // secret; "" elsewhere.
  std::string shown;

  // Reads the node into the target; returns "" or what was expected instead. Set by Binder.
  std::function<std::string(const YAML::Node&)> read;
  std::function<YAML::Node()> write;
  // For Kind::items: declares one default item, for the schema and the help.
  std::function<void(Binder&)> describe_item;
};

// Keys of which not every combination is a configuration. check() of the options finds that and says it to
// people; these tell editors, through the schema.
struct Relation {
  std::vector<std::string> keys;  // in one group, or groups themselves: "val"
  bool at_least_one = false, at_most_one = false;
};
struct Meaningless {
  std::string key;           // must not be given ...
  std::string other, value;  // ... while this other one has that value
};

class Binder {
 public:
  Field& option(std::string key, bool& target, std::string help);
  Field& option(std::string key, std::int64_t& target, std::string help);
  Field& option(std::string key, double& target, std::string help);
  Field& option(std::string key, std::string& target, std::string help);
  Field& option(std::string key, std::optional<bool>& target, std::string help);
  Field& option(std::string key, std::optional<std::int64_t>& target, std::string help);
  Field& option(std::string key, std::optional<double>& target, std::string help);
  Field& option(std::string key, std::optional<std::string>& target, std::string help);
  // A list; a single value is taken as a list of one.
  Field& option(std::string key, std::vector<std::string>& target, std::string help);
  Field& option(std::string key, std::vector<double>& target, std::string help);
  Field& option(std::string key, std::vector<std::int64_t>& target, std::string help);

  // A choice of words (base/words.h).
  template <Choice E>
  Field& option(std::string key, E& target, std::string help);
  template <Choice E>
  Field& option(std::string key, std::optional<E>& target, std::string help);

  // A list of mappings, each read by `declare_item`: void(Binder&, Item&).
  template <class Item, class Declare>
  Field& items(std::string key, std::vector<Item>& target, std::string help, Declare declare_item);

  void at_most_one_of(std::vector<std::string> keys) { relations_.push_back({std::move(keys), false, true}); }
  void at_least_one_of(std::vector<std::string> keys) {
    relations_.push_back({std::move(keys), true, false});
  }
  void one_of(std::vector<std::string> keys) { relations_.push_back({std::move(keys), true, true}); }
  void meaningless(std::string key, std::string other, std::string value) {
    meaningless_.push_back({std::move(key), std::move(other), std::move(value)});
  }
  const std::vector<Relation>& relations() const { return relations_; }
  const std::vector<Meaningless>& meaningless_keys() const { return meaningless_; }

  Field* find(const std::string& key);
  const std::vector<std::unique_ptr<Field>>& fields() const { return fields_; }

 private:
  Field& add(std::string key, std::string help, Kind kind);
  std::vector<std::unique_ptr<Field>> fields_;
  std::vector<Relation> relations_;
  std::vector<Meaningless> meaningless_;
};

// Problems of one read of one mapping, kept as text with the place in front; see resolve.h.
struct Problem {
  std::string place;    // "configs/x.yaml:12:9", "--epochs", or "" when only the key is known
  std::string key;      // "train.batch_sise"
  std::string message;  // "unknown key (did you mean batch_size?)"
  std::string line() const;
};

namespace detail {
// A list of mappings behind functions that know the item's type.
struct ItemList {
  std::function<std::size_t()> size;
  std::function<void(std::size_t)> resize;            // to that many default items
  std::function<void(Binder&, std::size_t)> declare;  // declares item i
};
void bind_items(Field& field, ItemList list);
// One of field.allowed: its number; nothing: null, where the field is optional.
void bind_choice(Field& field, std::function<std::optional<std::size_t>()> get,
                 std::function<void(std::optional<std::size_t>)> set);
}  // namespace detail

template <Choice E>
Field& Binder::option(std::string key, E& target, std::string help) {
  Field& field = add(std::move(key), std::move(help), Kind::text);
  field.allowed = words_of(E{});
  detail::bind_choice(
      field, [&target] { return std::optional(static_cast<std::size_t>(target)); },
      [&target](std::optional<std::size_t> number) { target = static_cast<E>(*number); });
  return field;
}

template <Choice E>
Field& Binder::option(std::string key, std::optional<E>& target, std::string help) {
  Field& field = add(std::move(key), std::move(help), Kind::text);
  field.allowed = words_of(E{});
  field.optional = true;
  detail::bind_choice(
      field, [&target] { return target ? std::optional(static_cast<std::size_t>(*target)) : std::nullopt; },
      [&target](std::optional<std::size_t> number) {
        target = number ? std::optional(static_cast<E>(*number)) : std::nullopt;
      });
  return field;
}

template <class Item, class Declare>
Field& Binder::items(std::string key, std::vector<Item>& target, std::string help, Declare declare_item) {
  Field& field = add(std::move(key), std::move(help), Kind::items);
  detail::bind_items(
      field, {[&target] { return target.size(); }, [&target](std::size_t n) { target.assign(n, Item{}); },
              [&target, declare_item](Binder& b, std::size_t i) { declare_item(b, target[i]); }});
  field.describe_item = [declare_item](Binder& b) {
    static Item example;  // the described defaults must outlive the binder
    example = Item{};
    declare_item(b, example);
  };
  return field;
}

}  // namespace runner::config
