// runner runs report: pages of real trainings on the bundled sample.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/train/small_run.h"

namespace runner::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class RunsReport : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<TemporaryFolder>();
    for (const char* name : {"a", "b"}) {
      const ProgramResult trained =
          run_runner(small_run(*folder / name, {"--max-steps", "20", "--seed", name[0] == 'a' ? "1" : "2"}),
                     in_source());
      ASSERT_EQ(trained.exit_code, 0) << trained.err;
    }
  }
  static void TearDownTestSuite() { folder.reset(); }

  static ProgramResult report(std::vector<std::string> more) {
    more.insert(more.begin(), {"runs", "report"});
    return run_runner(more, {folder->path().string(), {}});
  }
  static std::string text(const std::string& file) { return file_contents(*folder / file); }

  static std::unique_ptr<TemporaryFolder> folder;
};
std::unique_ptr<TemporaryFolder> RunsReport::folder;

TEST_F(RunsReport, ATrainingLeavesOneThatTellsItsEnd) {
  for (const char* told : {"finished", "samples/s", "peak memory", "model.d_model", "OMP_NUM_THREADS",
                           "weighted_mean", "Loss (logarithmic)", "runner train configs/p6b_v23.yaml"})
    EXPECT_THAT(text("a/report.html"), HasSubstr(told));
  EXPECT_THAT(text("a/report.html"), Not(HasSubstr("http")));
}

TEST_F(RunsReport, OfOneRunGetsItsEvaluations) {
  folder->write("eval/mine.json",
                R"({"mode": "full", "VAL": {"A:margin": 0.5, "val_cosine": 0.25}, "gates": {},
                "passed": true, "model": ")" +
                    (*folder / "a/model.safetensors").string() + R"("})");
  folder->write("eval/other.json", R"({"mode": "full", "VAL": {"A:margin": 0.75}, "gates": {}, "passed": true,
                "model": "elsewhere/model.safetensors"})");
  const ProgramResult made = report({"a", "--evaluations", "eval", "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(Json::parse(made.out).at("output"),
            (std::filesystem::canonical(folder->path()) / "a/report.html").string());
  EXPECT_THAT(text("a/report.html"), HasSubstr("5CAT, eval/mine.json"));
  EXPECT_THAT(text("a/report.html"), Not(HasSubstr("0.7500")));
}

// Scripts leave an evaluation in the run's folder.
TEST_F(RunsReport, ThroughALinkIsThatOfTheRunItself) {
  folder->write(
      "a/eval_5cat.json", R"({"mode": "full", "VAL": {"A:margin": 0.625}, "gates": {}, "passed": true,
                "model": ")" + (*folder / "a").string() +
                              R"("})");
  std::filesystem::create_symlink("a", *folder / "by_a_link");
  ASSERT_EQ(report({"by_a_link"}).exit_code, 0);
  EXPECT_THAT(text("a/report.html"), HasSubstr("0.6250"));
  EXPECT_THAT(text("a/report.html"), Not(HasSubstr("by_a_link")));
  EXPECT_THAT(text("a/report.html"), HasSubstr((*folder / "a").filename().string()));
}

TEST_F(RunsReport, OfSeveralStandsSideBySide) {
  const ProgramResult made = report({"a", "b", "--output", "both.html"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("both.html"));
  EXPECT_THAT(text("both.html"), HasSubstr("<th scope='row'>seed</th><td>1</td><td>2</td>"));
  EXPECT_EQ(report({"a", "b", "--output", "both.html"}).exit_code, 0) << "a page of ours is replaced";
}

TEST_F(RunsReport, ReplacesNothingOfOthers) {
  folder->write("notes.html", "<html>mine</html>");
  const ProgramResult refused = report({"a", "b", "--output", "notes.html"});
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("notes.html"));
  EXPECT_EQ(text("notes.html"), "<html>mine</html>");
}

TEST_F(RunsReport, NamesWhatIsNoTraining) {
  folder->write("x.index", "index");
  folder->write("x.index.manifest.json", R"({"job": "index", "name": "x", "outcome": "finished"})");
  const ProgramResult refused = report({"x.index"});
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("a run of index"));
  EXPECT_EQ(report({"nowhere"}).exit_code, 1);
}

}  // namespace
}  // namespace runner::test
