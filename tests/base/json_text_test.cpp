#include "base/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/json_parse.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner {
namespace {

using testing::HasSubstr;

std::string text_refusal(const std::string& text, const JsonLimits& limits = {}) {
  try {
    parse_json(text, "x.json", limits);
  } catch (const DataError& error) {
    return error.line();
  }
  return "";
}

TEST(JsonText, GivesEveryByteBack) {
  std::string bytes;
  for (int byte = 1; byte < 256; ++byte) bytes += static_cast<char>(byte);
  for (const std::string& text :
       {bytes, std::string("a\xFF/\xC3\xA9"), std::string("\xED\xB2\x80"), std::string("\xF4\x90\x80\x80"),
        std::string("cut \xE2\x82"), std::string("\xC0\x80 overlong"), std::string("nul \0 inside", 12)}) {
    const Json value{{"path", text}, {text, 1}};
    const std::string written = json_text(value);
    EXPECT_EQ(parse_json(written, "written"), value) << written;
  }
}

TEST(JsonText, IsWhatPythonTakesForPaths) {
  const test::TemporaryFolder folder;
  folder.write("x.json", json_text(Json{{"path", "a\xFF\x80 \xC3\xA9.npz"}}));
  const auto read =
      test::run_program({"python3", "-c",
                         "import json,os,sys\np = json.load(open(sys.argv[1], encoding='utf-8'))['path']\n"
                         "sys.stdout.buffer.write(os.fsencode(p) + b' ' + json.dumps(p).encode())",
                         (folder / "x.json").string()});
  if (read.exit_code == 127) GTEST_SKIP() << "no python3";
  EXPECT_EQ(read.out, "a\xFF\x80 \xC3\xA9.npz \"a\\udcff\\udc80 \\u00e9.npz\"") << read.err;
}

TEST(JsonText, IsLaidOutAsBefore) {
  const Json value{
      {"a", 1}, {"list", {1, 2.5, "x", nullptr, true}}, {"none", Json::array()}, {"o", Json::object()}};
  EXPECT_EQ(json_text(value), value.dump());
  EXPECT_EQ(json_text(value, 2), value.dump(2));
}

TEST(JsonText, ReadsWhatOthersWrite) {
  EXPECT_EQ(parse_json("\xEF\xBB\xBF {\"a\": \"\\ud83d\\ude00\\/\"}\r\n", "x").at("a"), "\xF0\x9F\x98\x80/");
  EXPECT_EQ(parse_json(R"(["\ud800", "\udc00x", "\ud800\u0041"])", "x"),
            Json({"\xEF\xBF\xBD", "\xEF\xBF\xBDx",
                  "\xEF\xBF\xBD"
                  "A"}));
  EXPECT_EQ(parse_json(R"({"a": 1, "b": 2, "a": 3})", "x").dump(), R"({"a":3,"b":2})");
  EXPECT_TRUE(std::isnan(parse_json("[NaN, -Infinity]", "x")[0].get<double>()));
  EXPECT_EQ(parse_json("18446744073709551615", "x").get<std::uint64_t>(), 18446744073709551615U);
}

TEST(JsonText, SaysWhereItIsBroken) {
  EXPECT_EQ(text_refusal("{\"a\": 1,\n  \"b\" 2}"),
            "x.json:2:7: not valid JSON: expected ':' behind the key");
  for (const char* text : {"", "{", "[1,", "[1,]", "{\"a\":}", "\"a", "\"\\", "\"\\u12", "\"\\x\"", "tru",
                           "01", "1.", "--1", "[1] 2", "{a: 1}", "\"a\nb\""})
    EXPECT_THAT(text_refusal(text), HasSubstr("x.json:")) << text;
}

TEST(JsonText, HasLimits) {
  EXPECT_THAT(text_refusal(std::string(1000000, '[')),
              HasSubstr("more than 64 lists and objects inside each other"));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_THAT(text_refusal(objects), HasSubstr("inside each other"));
  EXPECT_THAT(text_refusal("[1, 2, 3]", {.bytes = 5}), HasSubstr("is larger than 5 B"));
}

// A quadratic search of the keys would take minutes.
TEST(JsonText, ReadsLargeObjects) {
  std::string text = "{";
  for (int i = 0; i < 300000; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  EXPECT_EQ(parse_json(text + "}", "x").size(), 300000U);
}

}  // namespace
}  // namespace runner
