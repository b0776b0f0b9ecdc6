// `runner eval` shared out over ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ranks/rank_processes.h"

namespace runner::test {
namespace {

// A small model of two steps, judged on all windows of the sample: ten blocks of them.
class EvalRanks : public testing::Test {
 protected:
  void SetUp() override {
    const auto made = run_runner(small_training(at("run"), {"--max-steps", "2"}));
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }
  std::string at(const std::string& name) const { return (folder.path() / name).string(); }
  std::vector<std::string> line(const std::string& report, const std::vector<std::string>& more) const {
    const std::string sample = RUNNER_SOURCE_DIR "/artifacts/sample/cppdocs_768.npz";
    std::vector<std::string> words{"eval",    std::string(RUNNER_SOURCE_DIR) + "/configs/eval_5cat.yaml",
                                   "--model", at("run"),
                                   "--npz",   sample,
                                   "--set",   "val.articles=all",
                                   "--set",   "environment.threads=1",
                                   "--json",  "--device",
                                   "cpu",     "--output",
                                   at(report)};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  TemporaryFolder folder;
};

TEST_F(EvalRanks, AnyNumberOfThemReportsTheSameFigures) {
  const auto one = run_runner(line("1.json", {}));
  ASSERT_EQ(one.exit_code, 5) << one.err;  // a model of two steps
  const Json alone = parse_json(file_text(at("1.json")), "1.json");
  EXPECT_EQ(alone.at("VAL").at("C:samples"), 2381);
  for (const char* ranks : {"2", "3"}) {
    const std::string report = std::string(ranks) + ".json";
    const auto several = run_runner(line(report, {"--nproc", ranks}));
    EXPECT_EQ(several.exit_code, 5) << several.err;
    EXPECT_EQ(std::count(several.out.begin(), several.out.end(), '\n'), 1) << several.out;
    EXPECT_THAT(several.err, testing::Not(testing::HasSubstr("rank 1 on")));
    const Json shared = parse_json(file_text(at(report)), report);
    for (const char* key : {"VAL", "gates", "passed"}) EXPECT_EQ(shared.at(key), alone.at(key)) << key;
    EXPECT_EQ(parse_json(file_text(at(report + ".manifest.json")), "manifest").at("ranks").at("count"),
              std::stoi(ranks));
  }
}

TEST_F(EvalRanks, OneThatWouldJudgeOtherwiseIsRefusedByAll) {
  const auto results = by_hand({line("r.json", {}), line("r.json", {"--set", "samples=7"})}, {{}, {}}, 29745);
  for (const ProgramResult& result : results) {
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, testing::ContainsRegex("rank 1 on .* differs in config"));
  }
  EXPECT_FALSE(std::filesystem::exists(at("r.json")));
}

}  // namespace
}  // namespace runner::test
