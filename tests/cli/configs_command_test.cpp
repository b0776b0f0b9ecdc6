#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

const ProgramOptions in_source{.folder = RUNNER_SOURCE_DIR, .environment = {}};
const std::string v23 = RUNNER_SOURCE_DIR "/configs/p6b_v23.yaml";

TEST(ConfigsCommand, ListsEveryShippedFileWithItsFirstLine) {
  const ProgramResult list = run_runner({"configs", "list"}, in_source);
  ASSERT_EQ(list.exit_code, 0) << list.err;
  std::ptrdiff_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RUNNER_SOURCE_DIR "/configs"))
    files += entry.path().extension() == ".yaml";
  EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), files) << list.out;
  EXPECT_NE(
      list.out.find("\nmse_gru          train      Baseline: the stack of GRU blocks with mean squared"),
      std::string::npos)
      << list.out;
  const ProgramResult names = run_runner({"configs", "list", "--names"}, in_source);
  EXPECT_EQ(names.out.rfind("eval_5cat\nindex_flat_ip\n", 0), 0U) << names.out;
  const Json json = Json::parse(run_runner({"configs", "list", "--json"}, in_source).out);
  EXPECT_EQ(json["configs"].size(), static_cast<std::size_t>(files));
  for (const Json& one : json["configs"]) EXPECT_NE(one["purpose"], "") << one;
}

TEST(ConfigsCommand, ShowsAFileAsItIs) {
  EXPECT_EQ(run_runner({"configs", "show", "p6b_v23"}, in_source).out, file_contents(v23));
  const ProgramResult wrong = run_runner({"configs", "show", "p6b_v32"}, in_source);
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("did you mean p6b_v23?"), std::string::npos) << wrong.err;
}

TEST(ConfigsCommand, CopyReplacesNothingUnlessTold) {
  const TemporaryFolder folder;
  folder.write("mine.yaml", "own");
  const auto copy = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"configs", "copy"});
    return run_runner(words, {.folder = folder.path().string(), .environment = {}});
  };
  const ProgramResult refused = copy({v23, "mine.yaml"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.err, "runner: mine.yaml: is there already; --force replaces it\n");
  EXPECT_EQ(file_contents(folder / "mine.yaml"), "own");
  EXPECT_EQ(copy({v23, "mine.yaml", "--force"}).exit_code, 0);
  EXPECT_NE(file_contents(folder / "mine.yaml").find("\nseed: 42\n"), std::string::npos);
  EXPECT_NE(
      file_contents(folder / "mine.yaml").find("$schema=" RUNNER_SOURCE_DIR "/schemas/train.schema.json\n"),
      std::string::npos);
  EXPECT_EQ(copy({v23}).exit_code, 0);
  EXPECT_EQ(run_runner({"config", "check", (folder / "p6b_v23.yaml").string()}, in_source).exit_code, 0);
}

TEST(ConfigsCommand, CopyLeavesTheShippedFileAndWhatIsNoFile) {
  const ProgramResult itself = run_runner({"configs", "copy", "p6b_v23", "configs", "--force"}, in_source);
  EXPECT_EQ(itself.exit_code, 2);
  EXPECT_NE(itself.err.find("is the shipped file itself"), std::string::npos) << itself.err;
  const ProgramResult device = run_runner({"configs", "copy", "p6b_v23", "/dev/null", "--force"}, in_source);
  EXPECT_EQ(device.exit_code, 2);
  EXPECT_NE(device.err.find("no regular file"), std::string::npos) << device.err;
}

}  // namespace
}  // namespace runner::test
