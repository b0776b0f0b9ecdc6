// What a run says of itself beside the baselines, wherever figures stand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/train/small_run.h"

namespace runner::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class BaselineRun : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder;
    program = run_runner(small_run(*folder / "run", {"--set", "train.epochs=1"}), in_source());
    result = result_of(program);
  }
  static void TearDownTestSuite() { delete folder; }
  static std::string file(const char* name) { return file_contents(*folder / "run" / name); }
  static TemporaryFolder* folder;
  static ProgramResult program;
  static Json result;
};
TemporaryFolder* BaselineRun::folder;
ProgramResult BaselineRun::program;
Json BaselineRun::result;

TEST_F(BaselineRun, TheResultHasThemAndTheGain) {
  ASSERT_EQ(program.exit_code, 0) << program.err;
  for (const char* name : {"copy_last", "context_mean", "weighted_mean"})
    for (const char* key :
         {"val_loss", "val_cosine", "margin", "r_at_1", "r_at_5", "new_r_at_1", "new_r_at_5"})
      EXPECT_TRUE(result["baselines"][name][key].is_number()) << name << " " << key;
  const std::string best = result["best_baseline"];
  EXPECT_NEAR(result["gain"].get<double>(),
              result["best_val_cosine"].get<double>() - result["baselines"][best]["val_cosine"].get<double>(),
              1e-12);
  EXPECT_NEAR(result["chance"]["legacy_r5"].get<double>(), 5.0 / 6, 1e-12);
}

TEST_F(BaselineRun, HeaderAndEpochLinesShowThem) {
  EXPECT_THAT(program.err, HasSubstr("baselines copy_last 0.519, context_mean 0.594, weighted_mean 0.600"));
  EXPECT_THAT(
      program.err,
      testing::ContainsRegex("train loss  cosine .* gain  margin .* new@1 .*\n\\*     1 .* -0\\.[0-9]{4} "));
  EXPECT_THAT(program.err, testing::ContainsRegex("chance .* 0\\.8333"));
}

TEST_F(BaselineRun, HistoryManifestReportAndTensorBoardHoldThem) {
  const Json history = Json::parse(file("training_history.json")),
             manifest = Json::parse(file("manifest.json"));
  EXPECT_EQ(history["baselines"], result["baselines"]);
  EXPECT_EQ(history["best_baseline"], result["best_baseline"]);
  EXPECT_EQ(history["history"][0]["gain"], result["gain"]);
  EXPECT_EQ(manifest["baselines"]["baselines"], result["baselines"]);
  EXPECT_EQ(manifest["result"]["gain"], result["gain"]);
  for (const char* text : {"weighted_mean", "chance", "best baseline", "new R@1"})
    EXPECT_THAT(file("report.html"), HasSubstr(text));
  std::string events;
  for (const auto& entry : std::filesystem::directory_iterator(*folder / "run/tensorboard"))
    events += file_contents(entry.path());
  EXPECT_THAT(events, HasSubstr("baseline/weighted_mean/cosine"));
  EXPECT_THAT(events, HasSubstr("val/gain"));
}

TEST_F(BaselineRun, ARunBelowThemSaysSoAndNamesTheRecipeThatIsBetter) {
  ASSERT_LT(result["gain"].get<double>(), 0);
  EXPECT_THAT(result["advice"].get<std::string>(), HasSubstr("worse than"));
  EXPECT_THAT(result["advice"].get<std::string>(), HasSubstr("configs/lvm_residual.yaml"));
  std::vector<std::string> people = small_run(*folder / "people", {"--max-steps", "2"});
  people.erase(std::find(people.begin(), people.end(), "--json"));
  const ProgramResult shown = run_runner(people, in_source());
  for (const char* text : {"this model, epoch 1", "copy_last", "chance", "worse than", "lvm_residual.yaml"})
    EXPECT_THAT(shown.out, HasSubstr(text));
}

TEST_F(BaselineRun, AFinishedRunTellsThemAgain) {
  const ProgramResult again =
      run_runner(small_run(*folder / "run", {"--set", "train.epochs=1", "--resume"}), in_source());
  EXPECT_EQ(result_of(again)["outcome"], "finished already") << again.err;
  EXPECT_EQ(result_of(again)["gain"], result["gain"]);
  EXPECT_EQ(result_of(again)["baselines"], result["baselines"]);
}

TEST_F(BaselineRun, RidgeStandsAmongThemWhenAskedFor) {
  const ProgramResult with =
      run_runner(small_run(*folder / "ridge",
                           {"--set", "baselines.ridge=true", "--set", "data.context=2", "--max-steps", "1"}),
                 in_source());
  ASSERT_EQ(with.exit_code, 0) << with.err;
  EXPECT_TRUE(result_of(with)["baselines"]["ridge"]["val_cosine"].is_number());
  const ProgramResult large =
      run_runner(small_run(*folder / "large",
                           {"--set", "baselines.ridge=true", "--set", "data.context=22", "--max-steps", "1"}),
                 in_source());
  EXPECT_EQ(large.exit_code, 2);
  EXPECT_THAT(large.err, HasSubstr("baselines.ridge"));
}

TEST_F(BaselineRun, TheGainIsAGate) {
  const ProgramResult missed = run_runner(
      small_run(*folder / "missed", {"--set", "gates.final.min_gain=0", "--set", "train.batch_size=512"}),
      in_source());
  EXPECT_EQ(missed.exit_code, 5) << missed.err;
  EXPECT_EQ(result_of(missed)["gates"]["gain"]["passed"], false);
  EXPECT_EQ(result_of(missed)["gates"]["gain"]["value"], result_of(missed)["gain"]);
  const ProgramResult passed = run_runner(
      small_run(*folder / "passed", {"--set", "gates.final.min_gain=-2", "--set", "train.batch_size=512"}),
      in_source());
  EXPECT_EQ(passed.exit_code, 0) << passed.err;
}

// Ready windows, and vectors without articles: there is nothing to rank targets among.
class Unranked : public testing::Test {
 protected:
  void SetUp() override {
    const ProgramResult cut =
        run_runner({"sequences", "configs/sequences_ctx5.yaml", "--output", (folder / "windows.npz").string(),
                    "--quiet", "--set", "target_offset=2"},
                   in_source());
    ASSERT_EQ(cut.exit_code, 0) << cut.err;
  }
  ProgramResult train(const std::vector<std::string>& more) {
    std::vector<std::string> all{"--npz", (folder / "windows.npz").string(),
                                 "--set", "train.epochs=1",
                                 "--set", "train.batch_size=512"};
    all.insert(all.end(), more.begin(), more.end());
    return run_runner(small_run(folder / "run", all), in_source());
  }
  TemporaryFolder folder;
};

TEST_F(Unranked, FiguresAreNullAndADash) {
  const ProgramResult run = train({});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("     –     –     –     – "));
  EXPECT_THAT(run.err, Not(HasSubstr(" 0.000 ")));
  const Json history = Json::parse(file_contents(folder / "run/training_history.json"));
  for (const char* key : {"r_at_1", "r_at_5", "new_r_at_1", "new_r_at_5", "new_mrr"}) {
    EXPECT_TRUE(history["history"][0][key].is_null()) << key;
    EXPECT_TRUE(history["baselines"]["copy_last"][key].is_null()) << key;
  }
  EXPECT_TRUE(history["history"][0]["margin"].is_number());
  EXPECT_THAT(file_contents(folder / "run/report.html"), HasSubstr("<td>–"));
}

TEST_F(Unranked, EarlyStoppingOnThemIsRefusedBeforeTraining) {
  for (const std::string metric : {"r_at_1", "r_at_5", "new_r_at_1", "new_r_at_5", "new_mrr"}) {
    const ProgramResult run = train({"--set", "early_stop.metric=" + metric});
    EXPECT_EQ(run.exit_code, 2) << metric << run.err;
    EXPECT_THAT(run.err, HasSubstr("early_stop.metric: " + metric));
    EXPECT_FALSE(std::filesystem::exists(folder / "run/training_history.json"));
  }
  EXPECT_EQ(train({"--set", "early_stop.metric=r_at_1", "--dry-run"}).exit_code, 2);
  EXPECT_EQ(train({"--set", "early_stop.metric=gain"}).exit_code, 0);
}

TEST_F(Unranked, VectorsWithoutArticlesAreNoBetter) {
  std::string npy = "\x93NUMPY\x01\x00";
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (200, 8), }";
  header.resize(117, ' ');
  header += '\n';
  npy.resize(8);
  npy[6] = 1, npy[7] = 0;
  npy += static_cast<char>(118);
  npy += '\0';
  npy += header;
  for (int i = 0; i < 1600; ++i) {
    const auto value = static_cast<float>((i * 37) % 101) / 100.0f + 0.1f;
    npy.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  const std::string vectors = folder.write("vectors.npy", npy).string();
  const ProgramResult refused = run_runner(
      small_run(folder / "run", {"--npz", vectors, "--set", "early_stop.metric=r_at_5"}), in_source());
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("tells no articles"));
  const ProgramResult run = run_runner(small_run(folder / "run", {"--npz", vectors}), in_source());
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(result_of(run)["baselines"]["context_mean"]["r_at_1"].is_null());
}

}  // namespace
}  // namespace runner::test
