#include "contract/fields.h"

#include <gmock/gmock.h>

#include <cmath>

namespace runner {
namespace {

using testing::HasSubstr;

enum class Colour { red, blue };

struct Inner {
  std::int64_t count = 0;

  static void fields(auto& self, auto& field) { field("count", self.count); }
};

struct Outer {
  std::string name;
  double share = 0;
  bool on = false;
  Colour colour = Colour::red;
  std::optional<double> best;
  std::vector<Inner> inner;
  NamedList<Inner> named;
  std::int64_t extra = 0;

  static void fields(auto& self, auto& field) {
    field("name", self.name);
    field("share", self.share);
    field("on", self.on);
    field("colour", self.colour);
    field("best", self.best);
    field("inner", self.inner);
    field("named", self.named);
    field.unless_empty("extra", self.extra);
  }
};

Outer example() {
  return {"a", 1.0 / 3, true, Colour::blue, 0.1 + 0.2, {{1}, {2}}, {{"z", {3}}, {"y", {4}}}, 0};
}

std::string refusal(const Json& json) {
  try {
    record_from<Outer>(json, "x.json");
  } catch (const DataError& error) {
    return error.line();
  }
  return "";
}

TEST(Record, IsWrittenInTheOrderOfItsFields) {
  EXPECT_EQ(Json(Inner{7}).dump(), R"({"count":7})");
  EXPECT_EQ(Json(example()).dump(),
            R"({"name":"a","share":0.3333333333333333,"on":true,"colour":1,"best":0.30000000000000004,)"
            R"("inner":[{"count":1},{"count":2}],"named":{"z":{"count":3},"y":{"count":4}}})");
}

TEST(Record, ComesBackBitForBit) {
  const auto back = record_from<Outer>(Json::parse(Json(example()).dump()), "x.json");
  EXPECT_EQ(Json(back), Json(example()));
  EXPECT_EQ(back.share, 1.0 / 3);
  EXPECT_EQ(back.colour, Colour::blue);
  EXPECT_EQ(back.named[1].first, "y");
}

TEST(Record, StandsInListsAndObjectsOfJson) {
  const Json list{Inner{1}, Inner{2}}, object{{"of", Inner{3}}};
  EXPECT_EQ(list[1]["count"], 2);
  EXPECT_EQ(object["of"]["count"], 3);
}

TEST(Record, AnEmptyOptionalIsNullAndMayBeAbsent) {
  Outer none = example();
  none.best.reset();
  Json json = none;
  EXPECT_TRUE(json["best"].is_null());
  EXPECT_FALSE(record_from<Outer>(json, "x.json").best.has_value());
  json.erase("best");
  EXPECT_FALSE(record_from<Outer>(json, "x.json").best.has_value());
}

TEST(Record, NaNIsNullOnceItIsText) {
  Outer nan = example();
  nan.share = NAN;
  EXPECT_TRUE(std::isnan(record_from<Outer>(Json::parse(Json(nan).dump()), "x.json").share));
}

TEST(Record, SaysWhatIsMissingAndWhatIsOfAnotherType) {
  Json json = example();
  json.erase("on");
  EXPECT_THAT(refusal(json), HasSubstr("x.json: lacks on"));
  json = example();
  json["inner"][1]["count"] = "two";
  EXPECT_THAT(refusal(json), HasSubstr("x.json: inner[1]: count is not a whole number"));
  json = example();
  json["named"]["y"]["count"] = 1.5;
  EXPECT_THAT(refusal(json), HasSubstr("x.json: named.y: count is not a whole number"));
  const Json wrong{{"name", 1}, {"share", "x"}, {"on", 1}, {"inner", 5}, {"named", "n"}};
  for (const auto& [key, value] : wrong.items()) {
    json = example();
    json[key] = value;
    EXPECT_THAT(refusal(json), HasSubstr("x.json: " + key + " is not ")) << value;
  }
  EXPECT_THAT(refusal(Json::array()), HasSubstr("x.json: is not a JSON object"));
}

TEST(Record, TellsItsNumbersByName) {
  const NamedList<double> numbers = numbers_of(example());
  ASSERT_EQ(numbers.size(), 2u);  // neither texts, nor truths, nor what is left out
  EXPECT_EQ(numbers[0].first, "share");
  EXPECT_EQ(*find_named(numbers, "best"), 0.1 + 0.2);
  EXPECT_EQ(find_named(numbers, "extra"), nullptr);
}

}  // namespace
}  // namespace runner
