// runner runs list, diff, verify and clean.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/file_lock.h"
#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Three training runs as `runner train` records them, an evaluation's report, and what is none of them.
class PastRuns : public testing::Test {
 protected:
  void SetUp() override {
    train("models/a_1", "a", "2026-11-01T10:00:00+0100", "2026-11-01T10:02:05+0100", 0.51, 0.01, 12);
    train("models/a_2", "a", "2026-11-02T10:00:00+0100", "2026-11-02T11:00:00+0100", 0.55, -0.002, 3);
    train("models/b_1", "b", "2026-11-03T10:00:00+0100", "2026-11-03T10:00:10+0100", 0.53, 0.02, 12);
    folder_.write("eval/r.json",
                  R"({"VAL": {"val_cosine": 0.61, "gain": 0.1}, "gates": {}, "passed": false})");
    folder_.write("eval/other.json", R"({"answer": 42})");
  }
  void train(const std::string& place, const std::string& name, const std::string& started,
             const std::string& ended, double cosine, double gain, int epochs) {
    const Json manifest = {
        {"job", "train"},
        {"name", name},
        {"outcome", "finished"},
        {"started", started},
        {"ended", ended},
        {"runner", "0.2.0"},
        {"config", "data: {vectors: x.npz}\ntrain: {epochs: " + std::to_string(epochs) + "}\n"},
        {"result", {{"best_val_cosine", cosine}, {"gain", gain}, {"steps", 100}}}};
    folder_.write(place + "/manifest.json", manifest.dump());
    folder_.write(place + "/best_model.pt", "weights");
    folder_.write(place + "/checkpoints/step-1/state", std::string(1000, 's'));
  }
  ProgramResult runs(std::vector<std::string> more) const {
    more.insert(more.begin(), "runs");
    return run_runner(more, {folder_.path().string(), {}});
  }
  std::vector<std::string> listed(const std::vector<std::string>& flags) const {
    std::vector<std::string> words = {"list", ".", "--json"}, names;
    words.insert(words.end(), flags.begin(), flags.end());
    const Json all = Json::parse(runs(words).out);
    for (const Json& run : all.at("runs")) names.push_back(run.at("output"));
    return names;
  }
  bool is_there(const std::string& name) const { return std::filesystem::exists(folder_ / name); }
  TemporaryFolder folder_;
};

TEST_F(PastRuns, AreATableWithTheirBestFiguresGainAndTime) {
  const std::string table = runs({"list", "."}).out;
  EXPECT_THAT(table, HasSubstr("STARTED           JOB    OUTCOME         TIME    BEST     GAIN  RUN\n"));
  EXPECT_THAT(table,
              HasSubstr("2026-11-01 10:00  train  finished        2:05  0.5100  +0.0100  ./models/a_1\n"));
  EXPECT_THAT(table,
              HasSubstr("2026-11-02 10:00  train  finished     1:00:00  0.5500  -0.0020  ./models/a_2\n"));
  EXPECT_THAT(table, HasSubstr("  eval   gate failed        –  0.6100  +0.1000  ./eval/r.json\n"));
  EXPECT_THAT(table, Not(HasSubstr("other.json")));
}

TEST_F(PastRuns, AreSortedAndFiltered) {
  EXPECT_THAT(listed({"--job", "train", "--sort", "gain"}),
              ElementsAre("./models/a_2", "./models/a_1", "./models/b_1"));
  EXPECT_THAT(listed({"--sort", "best", "--limit", "2"}), ElementsAre("./models/a_2", "./eval/r.json"));
  EXPECT_THAT(listed({"--job", "train", "--sort", "time", "--reverse"}),
              ElementsAre("./models/a_2", "./models/a_1", "./models/b_1"));
  EXPECT_THAT(listed({"--outcome", "gate failed"}), ElementsAre("./eval/r.json"));
  EXPECT_THAT(listed({"--name", "b_"}), ElementsAre("./models/b_1"));
  EXPECT_EQ(runs({"list", ".", "--sort", "size"}).exit_code, 2);
}

TEST_F(PastRuns, AreComparedByWhatDiffers) {
  const ProgramResult text = runs({"diff", "models/a_1", "models/a_2"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("train.epochs                     12 -> 3\n"));
  EXPECT_THAT(text.out, HasSubstr("best_val_cosine                  0.51 -> 0.55  (+0.04)\n"));
  EXPECT_THAT(text.out, Not(HasSubstr("steps"))) << "what is equal is left out";
  const Json json = Json::parse(runs({"diff", "models/a_1", "models/a_2", "--json"}).out);
  EXPECT_EQ(json.at("config"), (Json{{"train.epochs", {{"a", "12"}, {"b", "3"}}}}));
  EXPECT_NEAR(json["figures"]["gain"]["difference"].get<double>(), -0.012, 1e-12);
  EXPECT_THAT(runs({"diff", "models/a_1", "models/a_1"}).out, HasSubstr("nothing differs"));
}

TEST_F(PastRuns, ShowOneScreen) {
  const std::string screen = runs({"show", "models/a_1"}).out;
  for (const char* line : {"job       train (a)\n", "outcome   finished, took 2:05\n",
                           "best      best_val_cosine 0.51, gain 0.01\n"})
    EXPECT_THAT(screen, HasSubstr(line));
  EXPECT_THAT(runs({"show", "eval/r.json"}).out, HasSubstr("VAL       val_cosine 0.61, gain 0.1\n"));
  EXPECT_EQ(runs({"show", "eval/other.json"}).exit_code, 3);
  EXPECT_EQ(Json::parse(runs({"show", "models/a_1", "--json"}).out).at("result").at("steps"), 100);
}

TEST_F(PastRuns, AreCleanedButForTheNewestTheLatestAndThoseThatRun) {
  std::filesystem::create_symlink("b_1", folder_ / "models/latest");
  train("models/a_0", "a", "2026-10-31T10:00:00+0100", "2026-10-31T10:00:01+0100", 0.5, 0, 1);
  train("models/b_0", "b", "2026-10-31T10:00:00+0100", "2026-10-31T10:00:01+0100", 0.5, 0, 1);
  train("models/b_2", "b", "2026-11-05T10:00:00+0100", "2026-11-05T10:00:01+0100", 0.5, 0, 1);
  folder_.write("models/a_0/notes.txt", "mine");
  const auto running = FileLock::try_lock(folder_ / "models/b_0/.lock");
  ASSERT_TRUE(running);
  EXPECT_THAT(runs({"clean", ".", "--keep", "1", "--dry-run"}).out, HasSubstr("would remove ./models/a_1\n"));
  EXPECT_TRUE(is_there("models/a_1/best_model.pt"));
  const ProgramResult cleaned = runs({"clean", ".", "--keep", "1"});
  EXPECT_EQ(cleaned.exit_code, 0) << cleaned.err;
  EXPECT_THAT(cleaned.out, HasSubstr("2 runs, "));
  EXPECT_FALSE(is_there("models/a_1"));
  EXPECT_TRUE(is_there("models/a_2/best_model.pt")) << "the newest of its name";
  EXPECT_TRUE(is_there("models/b_1/best_model.pt")) << "latest";
  EXPECT_TRUE(is_there("models/b_0/best_model.pt")) << "it runs";
  EXPECT_TRUE(is_there("models/a_0/notes.txt")) << "nobody's but the user's";
  EXPECT_FALSE(is_there("models/a_0/best_model.pt"));
  EXPECT_TRUE(is_there("eval/r.json"));
  EXPECT_EQ(runs({"clean", "."}).exit_code, 2);
}

// A real index of the bundled sample, whose input then changes.
TEST_F(PastRuns, AreVerifiedByHashingTheirInputsAgain) {
  std::filesystem::copy_file(std::string(RUNNER_SOURCE_DIR) + "/artifacts/sample/cppdocs_768.npz",
                             folder_ / "x.npz");
  const ProgramOptions here{folder_.path().string(), {{"RUNNER_CACHE_DIR", (folder_ / "cache").string()}}};
  const ProgramResult built =
      run_runner({"index", std::string(RUNNER_SOURCE_DIR) + "/configs/index_flat_ip.yaml", "--npz", "x.npz",
                  "--output", "x.index"},
                 here);
  ASSERT_EQ(built.exit_code, 0) << built.err;
  const ProgramResult good = runs({"verify", "x.index"});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_EQ(good.out, "ok    x.npz\nok    x.index\n");
  folder_.write("x.npz", "other");
  const ProgramResult bad = runs({"verify", "x.index"});
  EXPECT_EQ(bad.exit_code, 3);
  EXPECT_THAT(bad.out, HasSubstr("FAIL  x.npz: changed: "));
  EXPECT_EQ(Json::parse(runs({"verify", "x.index", "--json"}).out).at("good"), false);
  EXPECT_THAT(runs({"verify", "models/a_1"}).out, HasSubstr("FAIL  models/a_1/final_model.pt: missing"));
}

}  // namespace
}  // namespace runner::test
