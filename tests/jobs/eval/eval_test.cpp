// 5CAT as a user runs it, on the recorded model of the original pipeline.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

std::string parity(const std::string& name) {
  const char* folder = std::getenv("RUNNER_PARITY_DIR");
  return (folder ? std::string(folder) : RUNNER_SOURCE_DIR "/tests/fixtures/parity") + "/" + name;
}
const std::string kOldModel = RUNNER_SOURCE_DIR "/tests/fixtures/old_model/best_model_torch113.pt";

class Eval : public testing::Test {
 protected:
  // A config over the recorded articles; `more` adds keys, among them val and ood.
  std::string config(const std::string& more) {
    const std::string text = "job: eval\nmodel: " + kOldModel + "\narticles: " + parity("cat_articles.npz") +
                             "\ndevice: cpu\noutput: " + (folder / "report.json").string() + "\n" + more;
    return folder.write("eval.yaml", text).string();
  }
  std::string both() { return "val: {sequences: " + parity("cat_val.npz") + "}\n" + ood(); }
  std::string ood() { return "ood: {sequences: " + parity("cat_ood.npz") + "}\n"; }
  Json last_line(const ProgramResult& run) {
    std::istringstream in(run.out);
    std::string line, last;
    while (std::getline(in, line)) last = line;
    return Json::parse(last);
  }

  TemporaryFolder folder;
};

TEST_F(Eval, LegacyFiguresEqualTheOriginalScriptAndFailItsGates) {
  const auto run = run_runner({"eval", config(both()), "--mode", "legacy", "--json"});
  ASSERT_EQ(run.exit_code, 5) << run.err;
  const Json got = last_line(run), wanted = Json::parse(file_contents(parity("cat_legacy.json")));
  EXPECT_EQ(got.at("mode"), "legacy");
  EXPECT_EQ(got.at("passed"), false);
  for (const char* split : {"VAL", "OOD"})
    for (const auto& [key, value] : wanted.at(split).items())
      EXPECT_NEAR(got.at(split).at(key).get<double>(), value.get<double>(), key == "C:shuffled" ? 0.01 : 1e-3)
          << split << " " << key;
  EXPECT_EQ(Json::parse(file_contents(folder / "report.json")).at("VAL"), got.at("VAL"));
}

// The files that a run was trained on may be gone or lie elsewhere: eval names its own.
TEST_F(Eval, ARunWhoseTrainingDataIsGoneIsJudgedOnOtherFiles) {
  const ProgramOptions in_source{.folder = RUNNER_SOURCE_DIR, .environment = {}};
  const auto train =
      run_runner({"train", "mse_transformer", "--max-steps", "1", "--quiet", "--set", "train.batch_size=4",
                  "--set", "model.d_model=32", "--set", "model.heads=4", "--set", "model.layers=2", "--set",
                  "model.feedforward=64", "--output", (folder / "run").string()},
                 in_source);
  ASSERT_EQ(train.exit_code, 0) << train.err;
  std::string text = file_contents((folder / "run" / "config.yaml").string());
  const std::string sample = "cppdocs_768.npz";
  ASSERT_NE(text.find(sample), std::string::npos);
  text.replace(text.find(sample), sample.size(), "gone.npz");
  folder.write("run/config.yaml", text);
  const auto run = run_runner({"eval", "eval_5cat", "--model", (folder / "run").string(), "--set",
                               "samples=4", "--set", "output=" + (folder / "report.json").string()},
                              in_source);
  EXPECT_EQ(run.exit_code, 5) << run.err;
  EXPECT_THAT(run.out, HasSubstr("VAL"));
}

TEST_F(Eval, TheTableShowsBothSplitsTheModeAndEachFailedGate) {
  const auto run = run_runner({"eval", config(both())});
  EXPECT_EQ(run.exit_code, 5) << run.err;
  for (const char* text : {"VAL", "OOD", "A:margin", "D:samples", "FAIL", "mode fixed: a gate failed"})
    EXPECT_THAT(run.out, HasSubstr(text));
  EXPECT_THAT(run.err, HasSubstr("the target itself (k = 0)"));
}

TEST_F(Eval, WindowsAreCutFromVectorsByTheKeysOfABarePtFile) {
  const std::string cut = "val: {vectors: " + parity("cat_articles.npz") +
                          ", articles: validation, context: 5, target_offset: 2, fraction: 0.3}\n";
  const auto run = run_runner({"eval", config(cut), "--json"});
  ASSERT_EQ(run.exit_code, 5) << run.err;
  const Json got = last_line(run);
  EXPECT_GT(got.at("VAL").at("C:samples").get<int>(), 0);
  EXPECT_TRUE(got.at("VAL").contains("D:avg_cos@H=1"));
  EXPECT_FALSE(got.contains("OOD"));
  EXPECT_THAT(run.err, HasSubstr("only the first roll-out step is well defined"));
}

// Own data in one flag: what is ranked among, and what val is cut from; the config's ood has other articles.
TEST_F(Eval, OwnDataTakesThePlaceOfArticlesAndSplits) {
  const std::string cut = "val: {sequences: " + parity("cat_val.npz") +
                          ", context: 5, target_offset: 2, fraction: 0.3}\n" + ood();
  const auto run = run_runner({"eval", config(cut), "--npz", parity("cat_articles.npz"), "--json"});
  ASSERT_EQ(run.exit_code, 5) << run.err;
  const Json got = last_line(run);
  EXPECT_GT(got.at("VAL").at("C:samples").get<int>(), 0);
  EXPECT_FALSE(got.contains("OOD"));
  EXPECT_THAT(run.err, HasSubstr("ood is left out"));
}

TEST_F(Eval, OwnDataNeedsNothingOfWhatItTakesThePlaceOf) {
  const std::string text = "job: eval\nmodel: " + kOldModel +
                           "\narticles: gone.npz\ndevice: cpu\nval: {vectors: gone.npz, context: 5, "
                           "target_offset: 2, fraction: 0.3}\nood: {sequences: gone.npz}\noutput: " +
                           (folder / "report.json").string() + "\n";
  const std::string file = folder.write("gone.yaml", text).string();
  EXPECT_EQ(run_runner({"eval", file}).exit_code, 2);
  const auto run = run_runner({"eval", file, "--npz", parity("cat_articles.npz")});
  EXPECT_EQ(run.exit_code, 5) << run.err;
}

TEST_F(Eval, VectorsOfAnotherWidthAreNamedWithKeyFileAndArray) {
  const std::string sample = RUNNER_SOURCE_DIR "/artifacts/sample/cppdocs_768.npz";
  const auto own = run_runner({"eval",
                               config("val: {sequences: " + parity("cat_val.npz") +
                                      ", context: 5, target_offset: 2, fraction: 0.3}\n"),
                               "--npz", sample});
  EXPECT_EQ(own.exit_code, 3);
  EXPECT_THAT(own.err,
              HasSubstr("val.vectors: " + sample + ": array vectors: width 768; the model " + kOldModel));
  EXPECT_THAT(own.err, HasSubstr("--model"));
  const auto articles = run_runner({"eval", config(both()), "--set", "articles=" + sample});
  EXPECT_EQ(articles.exit_code, 3);
  EXPECT_THAT(articles.err, HasSubstr("articles: " + sample + ": array vectors: width 768"));
}

TEST_F(Eval, ABarePtFileWithoutThoseKeysNamesTheOneThatIsMissing) {
  const auto run = run_runner({"eval", config("val: {vectors: " + parity("cat_articles.npz") + "}\n")});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("val.context"));
}

TEST_F(Eval, AMissingKeyOfTheSecondSplitIsNamedBeforeTheFirstIsEvaluated) {
  const auto run = run_runner({"eval", config("val: {sequences: " + parity("cat_val.npz") +
                                              "}\nood: {vectors: " + parity("cat_articles.npz") + "}\n")});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("ood.context"));
  EXPECT_THAT(run.err, testing::Not(HasSubstr("mode fixed")));
}

TEST_F(Eval, AnEmptyListOfArticlesIsAMistakeOfTheConfig) {
  const auto run = run_runner({"eval", config(both()), "--set", "articles=[]"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("--set articles: articles: is empty"));
}

TEST_F(Eval, AReportThatCannotBeWrittenIsNoticedBeforeAnythingIsComputed) {
  folder.write("a_file", "");
  const auto run =
      run_runner({"eval", config(both()), "--output", (folder / "a_file" / "report.json").string()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("a_file"));
  EXPECT_THAT(run.err, testing::Not(HasSubstr("mode fixed")));
  const auto onto_folder = run_runner({"eval", config(both()), "--output", folder.path().string()});
  EXPECT_EQ(onto_folder.exit_code, 2);
  EXPECT_THAT(onto_folder.err, HasSubstr("is a folder"));
}

// As when another run has begun in the same second, whichever second that is.
TEST_F(Eval, AReportUnderATakenTimeIsCountedOn) {
  const auto name_at = [](std::time_t time) {
    std::tm local{};
    ::localtime_r(&time, &local);
    char text[32];
    std::strftime(text, sizeof text, "r_%Y%m%d_%H%M%S", &local);
    return std::string(text);
  };
  const std::time_t now = std::time(nullptr);
  std::vector<std::string> taken;
  for (int i = 0; i < 600; ++i) taken.push_back("reports/" + name_at(now + i) + ".json");
  for (const std::string& name : taken) folder.write(name, "of another run");
  const auto run = run_runner({"eval", config(ood()), "--set", "samples=5", "--json", "--output",
                               (folder / "reports/r_{timestamp}.json").string()});
  ASSERT_EQ(run.exit_code, 5) << run.err;
  const std::string output = last_line(run).at("output");
  EXPECT_THAT(output, testing::EndsWith("_2.json"));
  // A busy machine adds its share of lost time to what is printed.
  const Json report = Json::parse(file_contents(output)), printed = last_line(run);
  for (const auto& [key, value] : report.items()) EXPECT_EQ(value, printed.at(key)) << key;
  for (const std::string& name : taken) EXPECT_EQ(file_contents(folder / name), "of another run");
}

TEST_F(Eval, ARefusedRunLeavesNoReport) {
  const auto run = run_runner({"eval", config("val: {sequences: " + parity("batches.npz") + "}\n")});
  EXPECT_EQ(run.exit_code, 3) << run.err;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    EXPECT_EQ(entry.path().filename(), "eval.yaml");
}

TEST_F(Eval, NeitherSplitIsAMistakeOfTheConfig) {
  const auto run = run_runner({"eval", config("")});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("give val or ood or both"));
}

TEST_F(Eval, RowsThatMatchNoArticleAreADataError) {
  const auto run = run_runner({"eval", config("val: {sequences: " + parity("batches.npz") + "}\n")});
  EXPECT_EQ(run.exit_code, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr("no usable row"));
}

TEST_F(Eval, AnEmptyRollOutIsNullAndFailsItsGateWithThatReason) {
  const auto run = run_runner({"eval", config(ood() + "horizon: 500\n"), "--json"});
  ASSERT_EQ(run.exit_code, 5) << run.err;
  const Json got = last_line(run);
  EXPECT_TRUE(got.at("OOD").at("D:avg_cos@H=500").is_null());
  EXPECT_EQ(got.at("gates").at("OOD D:avg_cos@H=500").at("reason"), "no usable row");
}

}  // namespace
}  // namespace runner::test
