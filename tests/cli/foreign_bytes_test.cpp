// Paths are bytes: a job with a name that is no UTF-8 runs, writes under exactly that name, and says so in
// JSON that gives the bytes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_parse.h"
#include "base/json_text.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const std::string shipped = std::string(RUNNER_SOURCE_DIR) + "/configs/p6b_v23.yaml";
const std::string bytes = "a\xFF\xFE\x80z";

class ForeignBytes : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_ / bytes);
    fs::copy(std::string(RUNNER_SOURCE_DIR) + "/artifacts/sample/cppdocs_768.npz",
             folder_ / (bytes + ".npz"));
    options_.folder = folder_.path().string();
    options_.environment = {{"RUNNER_CACHE_DIR", (folder_ / "cache").string()}};
  }
  ProgramResult run(const std::vector<std::string>& words) const { return run_runner(words, options_); }
  // The one object on stdout.
  static Json object(const ProgramResult& result) {
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 1) << result.out;
    return parse_json(result.out, "stdout");
  }

  TemporaryFolder folder_;
  ProgramOptions options_;
};

TEST_F(ForeignBytes, AnIndexIsBuiltWithThemEverywhere) {
  folder_.write(bytes + ".yaml", "job: index\ninput: {vectors: '" + bytes + ".npz'}\noutput: \"" + bytes +
                                     "/{name}.index\"\nverify: {queries: 10}\n");
  options_.environment["RUNNER_NOTE"] = bytes;
  const ProgramResult built = run({"index", bytes + ".yaml", "--json"});
  ASSERT_EQ(built.exit_code, 0) << built.err;
  EXPECT_EQ(object(built)["output"], bytes + "/" + bytes + ".index");
  EXPECT_TRUE(fs::exists(folder_ / (bytes + "/" + bytes + ".index")));
  const ProgramResult again = run({"index", bytes + ".yaml", "--json"});
  EXPECT_EQ(object(again)["skipped"], true) << "the manifest and the cache of hashes came back as they were";
  const Json listed = object(run({"runs", "list", ".", "--json"}));
  ASSERT_EQ(listed["runs"].size(), 1U);
  EXPECT_EQ(listed["runs"][0]["name"], bytes);
  const Json shown = object(run({"runs", "show", bytes + "/" + bytes + ".index", "--json"}));
  EXPECT_EQ(shown["inputs"][0]["path"], bytes + ".npz");
  const ProgramResult neighbours = run({"search", bytes + "/" + bytes + ".index", "--queries", bytes + ".npz",
                                        "--k", "2", "--output", bytes + "/n.npz", "--json"});
  EXPECT_EQ(neighbours.exit_code, 0) << neighbours.err;
  EXPECT_TRUE(fs::exists(folder_ / (bytes + "/n.npz")));
}

TEST_F(ForeignBytes, FlagsAndSettingsKeepThem) {
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--npz", bytes + ".npz", "--output", bytes + "/s.npz"},
        std::vector<std::string>{"--set", "input.vectors=" + bytes + ".npz", "--set",
                                 "output=" + bytes + "/s.npz"}}) {
    folder_.write("s.yaml", "job: sequences\ninput: {vectors: x}\noutput: x\n");
    std::vector<std::string> words = {"sequences", "s.yaml", "--json"};
    words.insert(words.end(), flags.begin(), flags.end());
    const ProgramResult result = run(words);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(object(result)["output"], bytes + "/s.npz");
    EXPECT_TRUE(fs::remove(folder_ / (bytes + "/s.npz")));
  }
}

TEST_F(ForeignBytes, TheResolvedConfigCanBeReadAgain) {
  folder_.write("s.yaml",
                "job: sequences\ninput: {vectors: '" + bytes + ".npz'}\noutput: '" + bytes + ".out.npz'\n");
  const ProgramResult shown = run({"config", "show", "s.yaml"});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("\"a\\udcff\\udcfe\\udc80z.out.npz\""));
  folder_.write("again.yaml", shown.out);
  const ProgramResult again = run({"sequences", "again.yaml", "--json"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_TRUE(fs::exists(folder_ / (bytes + ".out.npz")));
}

TEST_F(ForeignBytes, ErrorsNameThem) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"train", bytes + "absent.yaml", "--json"},
        std::vector<std::string>{"train", shipped, "--npz", bytes + "absent.npz", "--json"},
        std::vector<std::string>{"runs", "show", bytes, "--json"},
        std::vector<std::string>{"runs", "list", bytes + "absent", "--json"},
        std::vector<std::string>{"config", "check", bytes + "absent.yaml", "--json"},
        std::vector<std::string>{"train", shipped, "--set", bytes + "=1", "--json"}}) {
    const ProgramResult result = run(words);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.err, Not(HasSubstr("json.exception")));
    EXPECT_THAT(object(result)["error"].dump(-1, ' ', false, Json::error_handler_t::replace),
                HasSubstr("code"));
    EXPECT_THAT(result.err, HasSubstr("a\\xff\\xfe\\x80z")) << "on a terminal they are escaped";
  }
}

TEST_F(ForeignBytes, EveryJsonThatLooksAtTheEnvironmentIsOne) {
  options_.environment = {
      {"OMP_NUM_THREADS", "\xFF"}, {"OPENBLAS_CORETYPE", "\xFE"}, {"LD_LIBRARY_PATH", "/x\xFF"}};
  EXPECT_EQ(object(run({"env", "--json"}))["environment"].empty(), false);
  EXPECT_TRUE(object(run({"doctor", "--json"})).contains("verdict"));
}

// A name may hold what commands the terminal.
TEST_F(ForeignBytes, NoNameReachesTheTerminalAsACommand) {
  const std::string evil =
      "\x1b]0;owned\x07\x1b[31mred\x9b"
      "2J\u202egpj";
  fs::create_directories(folder_ / ("runs/" + evil));
  folder_.write("runs/" + evil + "/manifest.json",
                json_text(Json{{"job", "train"}, {"name", evil + "\nforged line"}, {"outcome", "\x1b[2J"}}));
  folder_.write(evil + ".yaml", "job: index\ninput: {vectors: '" + evil + ".npz'}\noutput: x.index\n");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"runs", "list", "runs"},
                                                {"runs", "list", evil},
                                                {"index", evil + ".yaml"},
                                                {"train", evil},
                                                {"config", "check", evil + ".yaml"},
                                                {evil},
                                                {"doctor", evil},
                                                {"exec", "--", "./" + evil},
                                                {"search", evil, "--queries", evil}}) {
    const ProgramResult result = run(words);
    for (const std::string& text : {result.out, result.err})
      EXPECT_EQ(text.find_first_of("\x1b\x07\x9b"), std::string::npos) << words[0] << ": " << text;
  }
  const ProgramResult list = run({"runs", "list", "runs"});
  EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 2) << "a heading and the run\n" << list.out;
  EXPECT_THAT(list.out, HasSubstr("\\x1b]0;owned\\x07"));
}

}  // namespace
}  // namespace runner::test
