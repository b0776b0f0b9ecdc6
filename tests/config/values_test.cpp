#include "config/values.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "config/example_options.h"

namespace runner::config::test {
namespace {

enum class Way { walk, ride };
std::vector<std::string> words_of(Way) {
  return {"walk", "ride"};
}

TEST(Values, AreTakenOverAsTheyAre) {
  Example o;
  o.lr = 1.0 / 3.0;
  o.device = "${HOME}: \"a\" # null";
  o.min_cosine = 0.1;
  o.files = {"1", "b, c"};
  Binder binder;
  declare(binder, o);
  const Json values = Json::parse(values_of(binder).dump());
  Example again;
  Binder taken;
  declare(taken, again);
  take_values(taken, values);
  EXPECT_EQ(again.lr, o.lr);
  EXPECT_EQ(again.device, o.device);
  EXPECT_EQ(again.min_cosine, o.min_cosine);
  EXPECT_EQ(again.files, o.files);
  EXPECT_EQ(again.phases.size(), o.phases.size());
  EXPECT_EQ(values_of(taken), values);
}

TEST(Values, OfAnotherVersionAreRefused) {
  Example o;
  Binder binder;
  declare(binder, o);
  Json values = values_of(binder);
  values["train.epochs"] = "many";
  EXPECT_THROW(take_values(binder, values), UsageError);
  values.erase("train.epochs");
  EXPECT_THROW(take_values(binder, values), UsageError);
}

TEST(Choice, IsOneOfItsWords) {
  Way way = Way::walk;
  Binder binder;
  binder.option("way", way, "how");
  ASSERT_TRUE(resolve(binder, "way: ride\n", "x.yaml", {}).empty());
  EXPECT_EQ(way, Way::ride);
  EXPECT_EQ(to_word(way), "ride");
  EXPECT_EQ(values_of(binder), (Json{{"way", "ride"}}));
  const std::vector<Problem> problems = resolve(binder, "way: rida\n", "x.yaml", {});
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].line(), "x.yaml:1:6: way: expected walk | ride, got 'rida' (did you mean ride?)");
  EXPECT_EQ(way, Way::ride);
}

TEST(Choice, MayBeLeftOpen) {
  std::optional<Way> way = Way::walk;
  Binder binder;
  binder.option("way", way, "how");
  ASSERT_TRUE(resolve(binder, "way: null\n", "x.yaml", {}).empty());
  EXPECT_FALSE(way.has_value());
  EXPECT_EQ(values_of(binder), (Json{{"way", nullptr}}));
  ASSERT_TRUE(resolve(binder, "way: ride\n", "x.yaml", {}).empty());
  EXPECT_EQ(way, Way::ride);
  EXPECT_EQ(values_of(binder), (Json{{"way", "ride"}}));
  const std::vector<Problem> list = resolve(binder, "way: [ride]\n", "x.yaml", {});
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].line(), "x.yaml:1:6: way: expected a text or null, got a list");
}

TEST(Choice, IsReadFromARecordsWord) {
  EXPECT_EQ(from_word<Way>("ride"), Way::ride);
  EXPECT_EQ(from_word<Way>("Ride"), std::nullopt);
}

}  // namespace
}  // namespace runner::config::test
