#include <gtest/gtest.h>

#include "config/dump.h"
#include "config/example_options.h"
#include "config/schema.h"

namespace runner::config::test {
namespace {

TEST(Dump, SaysWhereEachValueCameFrom) {
  Example o;
  Binder binder;
  declare(binder, o);
  ASSERT_TRUE(resolve(binder, "train: {epochs: 3}\n", "x.yaml", {{"device", "cpu", "--device"}}).empty());
  EXPECT_EQ(dump_yaml(binder, true),
            "device: cpu  # --device\n"
            "metric: l2  # default\n"
            "train:\n"
            "  epochs: 3  # x.yaml:1:17\n"
            "  shuffle: true  # default\n"
            "optimizer:\n"
            "  lr: 0.0005  # default\n"
            "gates:\n"
            "  step:\n"
            "    min_cosine: null  # default\n"
            "data:\n"
            "  vectors: []  # default\n"
            "loss:\n"
            "  phases:  # default\n"
            "    - {until_epoch: 4, rho: 0.15}\n"
            "    - {until_epoch: null, rho: 0.25}\n");
}

TEST(Dump, ReadsBackToTheSameValues) {
  Example o;
  o.lr = 1.0 / 3.0;
  o.device = "a: b # c";
  o.min_cosine = 0.1;
  Binder binder;
  declare(binder, o);
  Example again;
  ASSERT_EQ(problems_of(dump_yaml(binder, true), {}, &again), "");
  EXPECT_EQ(again.lr, o.lr);
  EXPECT_EQ(again.device, o.device);
  EXPECT_EQ(again.min_cosine, o.min_cosine);
  EXPECT_EQ(again.phases.size(), 2u);
}

TEST(Schema, HasTypesLimitsAndDefaults) {
  Example o;
  Binder binder;
  declare(binder, o);
  const Json schema = json_schema(binder, "example");
  const Json& epochs = schema["properties"]["train"]["properties"]["epochs"];
  EXPECT_EQ(epochs["type"], Json::array({"integer", "string"}));
  EXPECT_EQ(epochs["pattern"], "\\$\\{[^}]*\\}");  // ${VAR} may stand for any value
  EXPECT_EQ(epochs["minimum"], 1.0);
  EXPECT_EQ(epochs["default"], 12);
  EXPECT_EQ(schema["properties"]["metric"]["anyOf"][0]["enum"], Json::array({"inner_product", "l2"}));
  EXPECT_EQ(schema["properties"]["train"]["additionalProperties"], false);
  EXPECT_EQ(schema["properties"]["loss"]["properties"]["phases"]["items"]["properties"]["rho"]["maximum"],
            1.0);
}

TEST(Schema, SaysWhichKeysGoTogether) {
  Example o;
  Binder binder;
  declare(binder, o);
  binder.find("data.vectors")->required();
  binder.at_most_one_of({"train.epochs", "train.shuffle"});
  binder.meaningless("optimizer.lr", "metric", "l2");  // l2 is the default
  const Json schema = json_schema(binder, "example");
  EXPECT_EQ(schema["required"], Json::array({"data"}));
  EXPECT_EQ(schema["properties"]["data"]["required"], Json::array({"vectors"}));
  EXPECT_EQ(schema["properties"]["data"]["type"], "object");
  EXPECT_EQ(schema["properties"]["optimizer"]["type"], Json::array({"object", "null"}));
  EXPECT_EQ(schema["properties"]["train"]["allOf"].dump(),
            // null gives a key no value
            R"([{"not":{"allOf":[{"required":["epochs"],"properties":{"epochs":{"not":{"type":"null"}}}},)"
            R"({"required":["shuffle"],"properties":{"shuffle":{"not":{"type":"null"}}}}]}}])");
  EXPECT_EQ(
      schema["allOf"].dump(),
      R"([{"not":{"allOf":[{"type":"object","required":["optimizer"],"properties":{"optimizer":{"type":"object",)"
      R"("required":["lr"],"properties":{"lr":{"not":{"type":"null"}}}}}},{"not":{"type":"object","required":["metric"],)"
      R"("properties":{"metric":{"not":{"const":"l2"}}}}}]}}])");
}

}  // namespace
}  // namespace runner::config::test
