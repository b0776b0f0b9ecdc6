#pragma once
// Records: what launcher, worker and files hand each other. A struct names its fields once, and both writing
// and reading follow from that.
//
//   struct EpochSums {
//     std::int64_t rows = 0;
//     std::optional<double> best;
//     static void fields(auto& self, auto& field) {
//       field("rows", self.rows);
//       field("best", self.best);  // null for none
//     }
//   };
//   Json json = sums;                                         // in the order of the fields
//   sums = record_from<EpochSums>(json, "state.json");        // DataError: what is missing or of another
//   type
//
// A field is a number (null stands for NaN), a text, an enum (as its number), another record, a list of
// those, a list with names (an object), an optional of one, or plain Json. field.unless_empty("x", self.x)
// leaves out what has its type's empty value, and reads its absence as that. field.members(self.list) writes
// each of a list with names as a field of its own; such a record is not read.

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace runner {

template <class T>
using NamedList = std::vector<std::pair<std::string, T>>;

namespace detail {

struct NoVisitor {
  template <class Value>
  void operator()(const char*, Value&&) {}
  template <class Value>
  void unless_empty(const char*, Value&&) {}
  template <class Value>
  void members(const NamedList<Value>&) {}
};

template <class T>
bool is_empty(const T& value) {
  if constexpr (requires { value.has_value(); })
    return !value.has_value();
  else if constexpr (requires { value.empty(); })
    return value.empty();
  else
    return value == T{};
}

}  // namespace detail

template <class T>
concept Record = std::is_class_v<T> && requires(T& record, detail::NoVisitor& visitor) {
  T::fields(record, visitor);
};

template <Record T>
T record_from(const Json& json, const std::string& place);

namespace detail {

template <class T>
Json value_of(const T& value) {
  if constexpr (std::is_enum_v<T>)
    return static_cast<int>(value);
  else
    return value;
}

template <class... T>
Json value_of(const std::variant<T...>& value) {
  return std::visit([](const auto& of_its_type) { return Json(of_its_type); }, value);
}

template <class T>
Json value_of(const std::optional<T>& value) {
  return value ? value_of(*value) : Json(nullptr);
}

template <class T>
Json value_of(const NamedList<T>& list) {
  Json object = Json::object();
  for (const auto& [name, value] : list) object[name] = value_of(value);
  return object;
}

class FieldWriter {
 public:
  explicit FieldWriter(Json& out) : out_(out) {}
  template <class T>
  void operator()(const char* name, const T& value) {
    out_[name] = value_of(value);
  }
  template <class T>
  void unless_empty(const char* name, const T& value) {
    if (!is_empty(value)) (*this)(name, value);
  }
  template <class T>
  void members(const NamedList<T>& list) {
    for (const auto& [name, value] : list) out_[name] = value_of(value);
  }

 private:
  Json& out_;
};

[[noreturn]] inline void refuse_value(const std::string& place, const std::string& name, const char* wanted) {
  throw DataError(name + " is not " + wanted, place);
}

// name: for messages, "history[3].epoch".
template <class T>
void read_value(const Json& json, T& value, const std::string& place, const std::string& name) {
  if constexpr (std::same_as<T, Json>) {
    value = json;
  } else if constexpr (Record<T>) {
    value = record_from<T>(json, place + ": " + name);
  } else if constexpr (std::is_enum_v<T>) {
    if (!json.is_number_integer()) refuse_value(place, name, "a whole number");
    value = static_cast<T>(json.get<int>());
  } else if constexpr (std::same_as<T, bool>) {
    if (!json.is_boolean()) refuse_value(place, name, "true or false");
    value = json.get<bool>();
  } else if constexpr (std::integral<T>) {
    if (!json.is_number_integer()) refuse_value(place, name, "a whole number");
    value = json.get<T>();
  } else if constexpr (std::floating_point<T>) {
    if (!json.is_number() && !json.is_null()) refuse_value(place, name, "a number");
    value = json.is_null() ? std::numeric_limits<T>::quiet_NaN() : json.get<T>();
  } else {
    if (!json.is_string()) refuse_value(place, name, "a text");
    value = json.get<T>();
  }
}

template <class T>
void read_value(const Json& json, std::optional<T>& value, const std::string& place,
                const std::string& name) {
  value.reset();
  if (!json.is_null()) read_value(json, value.emplace(), place, name);
}

template <class T>
void read_value(const Json& json, std::vector<T>& value, const std::string& place, const std::string& name) {
  if (!json.is_array()) refuse_value(place, name, "a list");
  value.clear();
  for (const Json& item : json) {
    const std::string its_name = name + "[" + std::to_string(value.size()) + "]";
    read_value(item, value.emplace_back(), place, its_name);
  }
}

template <class T>
void read_value(const Json& json, NamedList<T>& list, const std::string& place, const std::string& name) {
  if (!json.is_object()) refuse_value(place, name, "an object");
  list.clear();
  for (const auto& [key, value] : json.items())
    read_value(value, list.emplace_back(key, T{}).second, place, name + "." + key);
}

// An optional may be absent.
class FieldReader {
 public:
  FieldReader(const Json& object, const std::string& place) : object_(object), place_(place) {
    if (!object.is_object()) throw DataError("is not a JSON object", place);
  }
  template <class T>
  void operator()(const char* name, T& value) {
    const auto found = object_.find(name);
    if (found != object_.end())
      read_value(*found, value, place_, name);
    else if constexpr (requires { value.reset(); })
      value.reset();
    else
      throw DataError(std::string("lacks ") + name, place_);
  }
  template <class T>
  void unless_empty(const char* name, T& value) {
    if (object_.contains(name))
      (*this)(name, value);
    else
      value = T{};
  }

 private:
  const Json& object_;
  const std::string& place_;
};

class NumberCollector {
 public:
  explicit NumberCollector(NamedList<double>& out) : out_(out) {}
  template <class T>
  void operator()(const char* name, const T& value) {
    if constexpr (std::is_arithmetic_v<T> && !std::same_as<T, bool>)
      out_.emplace_back(name, static_cast<double>(value));
    else if constexpr (std::same_as<T, std::optional<double>> || std::same_as<T, std::optional<std::int64_t>>)
      if (value) out_.emplace_back(name, static_cast<double>(*value));
  }
  template <class T>
  void unless_empty(const char* name, const T& value) {
    if (!is_empty(value)) (*this)(name, value);
  }
  template <class T>
  void members(const NamedList<T>&) {}

 private:
  NamedList<double>& out_;
};

}  // namespace detail

// The record's fields that are numbers now, in their order.
template <Record T>
NamedList<double> numbers_of(const T& record) {
  NamedList<double> numbers;
  detail::NumberCollector collector(numbers);
  T::fields(record, collector);
  return numbers;
}

// As one object.
template <class T>
Json object_of(const NamedList<T>& list) {
  return detail::value_of(list);
}

// The entry of that name; nullptr when there is none.
template <class T>
const T* find_named(const NamedList<T>& list, std::string_view name) {
  for (const auto& [key, value] : list)
    if (key == name) return &value;
  return nullptr;
}

// Throws DataError at `place`.
template <Record T>
T record_from(const Json& json, const std::string& place) {
  T record;
  detail::FieldReader reader(json, place);
  T::fields(record, reader);
  return record;
}

}  // namespace runner

// Json json = record; in lists and initializers too.
template <runner::Record T>
struct nlohmann::adl_serializer<T, void> {
  static void to_json(runner::Json& json, const T& record) {
    json = runner::Json::object();
    runner::detail::FieldWriter writer(json);
    T::fields(record, writer);
  }
};
