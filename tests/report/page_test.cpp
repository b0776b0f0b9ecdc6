// report.html and the page of several runs, made of folders as runs leave them.
#include <gmock/gmock.h>

#include <regex>

#include "base/error.h"
#include "base/json_text.h"
#include "report/comparison_page.h"
#include "report/html.h"
#include "report/run_report.h"
#include "support/temporary_folder.h"

namespace runner::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TrainingHistory two_epochs() {
  TrainingHistory history;
  for (const double loss : {0.5, 0.3}) {
    EpochRecord& epoch = history.history.emplace_back();
    epoch.epoch = static_cast<std::int64_t>(history.history.size());
    epoch.train.loss = epoch.val_loss = loss;
    epoch.val_cosine = 1 - loss;
    epoch.r_at_5 = 0.25;
  }
  history.events.push_back({7, 1, "a < b", {}});
  history.baselines.best = "copy_last";
  history.baselines.figures.push_back({"copy_last", {}});
  return history;
}

const Json manifest{
    {"job", "train"},
    {"name", "run & test"},
    {"outcome", "finished"},
    {"started", "2026-01-01T00:00:00+0000"},
    {"engine", "cpu"},
    {"launch",
     {{"command", "runner train mine.yaml"},
      {"openmp", "isolate"},
      {"loaded", {{"verdict", "single"}, {"runtimes", {{{"path", "/lib/libgomp.so.1"}, {"kind", "gnu"}}}}}},
      {"environment",
       {{{"name", "OMP_NUM_THREADS"}, {"value", "2"}, {"action", "set"}, {"reason", "two cores"}}}}}},
    {"data",
     {{"files", {{{"path", "v.npz"}, {"bytes", 4096}, {"xxh64", "0123456789abcdef"}}}}, {"windows", 77}}},
    {"result", {{"wall_s", 61.0}, {"rss_mb", 512.0}, {"steps", 40}, {"device", "cpu"}}}};

class Page : public testing::Test {
 protected:
  void leave_run(const std::string& name, const TrainingHistory& history, const Json& told) const {
    std::filesystem::create_directories(folder / name);
    folder.write(name + "/training_history.json", json_text(Json(history)));
    folder.write(name + "/manifest.json", json_text(told));
    folder.write(name + "/config.yaml", "train.epochs: 2  # flag\n");
  }
  test::TemporaryFolder folder;
};

TEST_F(Page, AnswersAlone) {
  leave_run("run", two_epochs(), manifest);
  const std::string page = run_page(read_reported_run(folder / "run"));
  for (const char* told :
       {"run &amp; test", "finished", "2 of 2: validation loss 0.300000, cosine 0.7000", "512 MB",
        "copy_last", "a &lt; b", "v.npz", "0123456789abcdef", "77", "train.epochs: 2  # flag",
        "OMP_NUM_THREADS", "two cores", "libgomp.so.1", "isolate", "runner train mine.yaml",
        "runner eval configs/eval_5cat.yaml --model", "<title>best epoch 2</title>", "step 7"})
    EXPECT_THAT(page, HasSubstr(told));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_TRUE(is_page(page));
}

TEST_F(Page, EveryElementThatIsOpenedIsClosed) {
  leave_run("run", two_epochs(), manifest);
  const std::string page = run_page(read_reported_run(folder / "run"));
  std::vector<std::string> open;
  const std::regex element("<(/?)([a-z0-9]+)[^>]*?(/?)>");
  for (std::sregex_iterator at(page.begin(), page.end(), element), end; at != end; ++at) {
    const std::string name = (*at)[2];
    if (name == "meta" || (*at)[3] == "/") continue;
    if ((*at)[1] != "/") {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    EXPECT_EQ(open.back(), name) << at->prefix().str().substr(0, 200);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST_F(Page, ARunThatGoesOnHasOneToo) {
  TrainingHistory history = two_epochs();
  history.history.resize(1);
  std::filesystem::create_directories(folder / "run");
  write_run_report(folder / "run", history);
  EXPECT_THAT(test::file_contents(folder / "run/report.html"), HasSubstr("1 of 1: validation loss 0.5"));
}

TEST_F(Page, NoEpochYetIsNoError) {
  std::filesystem::create_directories(folder / "run");
  write_run_report(folder / "run", {});
  EXPECT_THAT(test::file_contents(folder / "run/report.html"), HasSubstr("</html>"));
}

TEST_F(Page, HasTheTableOf5CatOfItsEvaluations) {
  leave_run("run", two_epochs(), manifest);
  ReportedRun run = read_reported_run(folder / "run");
  run.evaluations.push_back(
      {{"output", "eval.json"},
       {"VAL", {{"A:margin", 0.125}, {"A:n", 12}, {"val_cosine", 0.5}}},
       {"gates",
        {{"VAL A:margin", {{"test", "A"}, {"value", 0.125}, {"limit", ">= 0.12"}, {"passed", true}}}}}});
  const std::string page = run_page(run);
  for (const char* told : {"5CAT, eval.json", "A:margin", "0.1250", "12", "&gt;= 0.12", "pass"})
    EXPECT_THAT(page, HasSubstr(told));
}

TEST_F(Page, SeveralRunsStandSideBySide) {
  Json other = manifest;
  other["name"] = "other";
  leave_run("a", two_epochs(), manifest);
  leave_run("b", two_epochs(), other);
  std::vector<ReportedRun> runs{read_reported_run(folder / "a"), read_reported_run(folder / "b")};
  runs[0].settings = {{"optimizer.lr", "0.001"}, {"train.epochs", "2"}};
  runs[1].settings = {{"optimizer.lr", "0.002"}, {"train.epochs", "2"}};
  const std::string page = comparison_page(runs);
  EXPECT_THAT(page, HasSubstr("<th scope='row'>optimizer.lr</th><td>0.001</td><td>0.002</td>"));
  EXPECT_THAT(page, Not(HasSubstr("train.epochs")));
  EXPECT_THAT(page, HasSubstr("<title>other: 0.3, epoch 2</title>"));
}

TEST_F(Page, DamageIsNamed) {
  leave_run("run", two_epochs(), manifest);
  folder.write("run/training_history.json", "{\"history\": [{\"epoch\": \"one\"}]}");
  try {
    read_reported_run(folder / "run");
    FAIL() << "read";
  } catch (const DataError& error) {
    EXPECT_THAT(error.line(), HasSubstr("training_history.json"));
    EXPECT_THAT(error.line(), HasSubstr("history[0]"));
  }
}

}  // namespace
}  // namespace runner::report
