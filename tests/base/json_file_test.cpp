#include "base/json_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/error.h"
#include "base/json_parse.h"
#include "support/temporary_folder.h"

namespace runner {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(const std::filesystem::path& path) {
  try {
    read_json_file(path);
  } catch (const Error& error) {
    return error.line();
  }
  return "";
}

TEST(JsonFile, IsNamedWhenItIsNone) {
  const test::TemporaryFolder folder;
  for (const char* text : {"", "[]", "null", "{\"a\"", "\x01\x02"}) {
    const auto path = folder.write("x.json", text);
    EXPECT_THAT(refusal(path), StartsWith(path.string() + ":")) << text;
    EXPECT_TRUE(read_json_file_if_valid(path).empty());
  }
  EXPECT_THAT(refusal(folder / "absent.json"), HasSubstr("absent.json: cannot read: No such file"));
}

TEST(JsonFile, IsNotWaitedFor) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo.json").c_str(), 0600), 0);
  EXPECT_THAT(refusal(folder / "fifo.json"), HasSubstr("fifo.json: is a fifo, expected a regular file"));
  EXPECT_THAT(refusal(folder.path()), HasSubstr("is a folder, expected a regular file"));
  EXPECT_THAT(refusal("/dev/zero"), HasSubstr("/dev/zero: is a device, expected a regular file"));
}

TEST(JsonFile, MayBeLargerThanWeTake) {
  const test::TemporaryFolder folder;
  const auto path = folder.write("x.json", "{}");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);
  EXPECT_THAT(refusal(path), HasSubstr("x.json: is larger than 67.1 MB"));
}

TEST(JsonFile, MembersOfOddTypesAreAsIfAbsent) {
  const Json odd = parse_json(R"({"text": 1, "number": "x", "flag": [], "real": null, "list": {}})", "x");
  for (const Json& object : {odd, Json(nullptr), Json(1), Json("x"), Json::array({1, 2})}) {
    EXPECT_EQ(text_in(object, "text", "-"), "-");
    EXPECT_EQ(integer_in(object, "number", 7), 7);
    EXPECT_EQ(number_in(object, "real", 0.5), 0.5);
    EXPECT_TRUE(flag_in(object, "flag", true));
    EXPECT_TRUE(member_in(object, "absent").is_null());
  }
  EXPECT_EQ(integer_in(parse_json(R"({"a": 3.5})", "x"), "a"), 0);
  EXPECT_EQ(number_in(parse_json(R"({"a": 3})", "x"), "a"), 3.0);
}

}  // namespace
}  // namespace runner
