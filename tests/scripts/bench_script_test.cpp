// scripts/bench.sh from its first line to its table, in a tree whose set-up and build are done: their two
// scripts are the only things that are not the real ones.

#include <gmock/gmock.h>

#include "base/json.h"
#include "data/make_files.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class BenchScript : public testing::Test {
 protected:
  BenchScript() {
    const fs::path scripts = fs::path(RUNNER_SOURCE_DIR) / "scripts";
    fs::create_directories(tree_ / "scripts");
    for (const auto& entry : fs::directory_iterator(scripts))
      fs::create_symlink(entry.path(), tree_.path() / "scripts" / entry.path().filename());
    for (const char* done : {"setup.sh", "build.sh"}) {
      fs::remove(tree_.path() / "scripts" / done);
      fs::permissions(tree_.write(std::string("scripts/") + done, "#!/bin/sh\n"), fs::perms::owner_all);
    }
    fs::create_directories(tree_ / "build/release");
    fs::create_symlink(fs::path(RUNNER_BUILD_DIR) / "runner", tree_ / "build/release/runner");
  }

  ProgramResult bench(std::vector<std::string> arguments, std::map<std::string, std::string> more = {}) {
    arguments.insert(arguments.begin(), (tree_ / "scripts/bench.sh").string());
    more.insert({{"RUNNER", ""}, {"RUNNER_DATA", ""}});
    return run_program(arguments, {(tree_ / "build").string(), more});
  }

  // The object in the last line.
  static Json json_of(const ProgramResult& result) {
    const std::string text = result.out.substr(0, result.out.size() - 1);
    return Json::parse(text.substr(text.rfind('\n') + 1));
  }

  TemporaryFolder tree_;
};

TEST_F(BenchScript, MeasuresTheProgramThatItHasBuilt) {
  const ProgramResult result = bench({"--quick", "--json", "--only", "start"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json table = json_of(result);
  EXPECT_TRUE(table["quick"].get<bool>());
  EXPECT_GT(table["cores"].get<int>(), 0);
  ASSERT_EQ(table["rows"].size(), 3u);
  for (const Json& row : table["rows"]) {
    EXPECT_GT(row["runner"].get<double>(), 0) << row;
    EXPECT_LE(row["spread"][0].get<double>(), row["runner"].get<double>()) << row;
    EXPECT_GE(row["spread"][1].get<double>(), row["runner"].get<double>()) << row;
    EXPECT_EQ(row["values"]["runner"].size(), row["rounds"].get<std::size_t>()) << row;
    EXPECT_THAT(result.out, HasSubstr("\n" + row["figure"].get<std::string>() + " "));
  }
}

TEST_F(BenchScript, RefusesWhatItDoesNotKnow) {
  const ProgramResult figure = bench({"--only", "start,speed"});
  EXPECT_EQ(figure.exit_code, 2);
  EXPECT_THAT(figure.err, HasSubstr("--only: speed: there is start, train, index, search, sequences, eval"));
  const ProgramResult data = bench({"--data", "nothing.npz"});
  EXPECT_EQ(data.exit_code, 2);
  EXPECT_THAT(data.err, HasSubstr("no such file: " + (tree_ / "build/nothing.npz").string()));
  const ProgramResult device = bench({"--device", "foo"});
  EXPECT_EQ(device.exit_code, 2);
  EXPECT_THAT(device.err, HasSubstr("--device: foo: there is cpu, cuda, cuda:N"));
}

TEST_F(BenchScript, ComparesWithAnEarlierRunBeyondTheSpreadOfBoth) {
  // Three figures of "start", of which the earlier run has one that no program reaches, one that each does,
  // and one as wide as all.
  const std::string earlier =
      tree_
          .write(
              "build/earlier.txt",
              "figure  unit\n"
              R"({"rows": [{"figure": "runner --help", "unit": "ms", "runner": 1e-6, "spread": [1e-6, 2e-6], "ratio": null},)"
              R"({"figure": "train to its first step", "unit": "s", "runner": 1e6, "spread": [1e6, 2e6], "ratio": null},)"
              R"({"figure": "peak memory of training", "unit": "MB", "runner": 500, "spread": [1, 1e6], "ratio": null},)"
              R"({"figure": "search, 7 queries", "unit": "ms", "runner": 1, "spread": [1, 1], "ratio": null}]})")
          .string();
  const ProgramResult result = bench({"--quick", "--json", "--only", "start", "--compare", earlier});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json compared = json_of(result)["compared"];
  ASSERT_EQ(compared.size(), 3u);
  EXPECT_EQ(compared[0]["verdict"], "slower");
  EXPECT_EQ(compared[1]["verdict"], "faster");
  EXPECT_GT(compared[1]["times"].get<double>(), 1);
  EXPECT_EQ(compared[2]["verdict"], "same within the spread");
  EXPECT_THAT(result.out, HasSubstr("this run has not measured them: search, 7 queries"));
}

TEST_F(BenchScript, RefusesAnEarlierRunThatIsNone) {
  for (const char* text : {"", "no JSON", "{}", R"({"rows": [{"figure": "x"}]})"}) {
    const ProgramResult result = bench({"--compare", tree_.write("build/earlier.txt", text).string()});
    EXPECT_EQ(result.exit_code, 2) << text;
    EXPECT_THAT(result.err, HasSubstr("earlier.txt: is no output of scripts/bench.sh --json")) << text;
  }
  EXPECT_THAT(bench({"--compare", "missing.txt"}).err,
              HasSubstr("--compare: missing.txt: No such file or directory"));
}

TEST_F(BenchScript, SaysThatTheProgramCannotBeExecuted) {
  fs::permissions(tree_.write("build/text", "no program"), fs::perms::owner_all);
  for (const char* program : {"./missing", "./text"}) {
    const ProgramResult result = bench({"--only", "start"}, {{"RUNNER", program}});
    EXPECT_EQ(result.exit_code, 4) << result.err;
    EXPECT_THAT(result.err, HasSubstr("cannot run " + (tree_ / "build" / (program + 2)).string() + ": "));
  }
}

TEST_F(BenchScript, TakesARelativeProgramAndNeedsNoPeers) {
  const ProgramResult result = bench({"--quick", "--json", "--only", "search"},
                                     {{"RUNNER", "release/runner"}, {"RUNNER_BENCH_PYTHON", "./no_python"}});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("no peers: ./no_python: "));
  const Json table = json_of(result);
  ASSERT_EQ(table["rows"].size(), 4u);
  for (const Json& row : table["rows"]) {
    EXPECT_GT(row["runner"].get<double>(), 0) << row;
    EXPECT_TRUE(row["peer"].is_null()) << row;
  }
}

TEST_F(BenchScript, WhatFailsLeavesItsCellEmptyAndTheOthersFull) {
  const std::string data = tree_.write("bad, [1].npz", "no vectors").string();
  const ProgramResult result =
      bench({"--quick", "--json", "--only", "start,search,sequences,eval", "--data", data},
            {{"RUNNER_BENCH_PYTHON", "./no_python"}});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("5CAT, 2 × 500 samples: runner: "));
  const Json table = json_of(result);
  ASSERT_EQ(table["rows"].size(), 9u);
  for (const Json& row : table["rows"])
    EXPECT_EQ(row["runner"].is_null(), row["figure"] != "runner --help") << row;
}

TEST_F(BenchScript, SaysWhenTheDataHasFewerSamplesThanAFigureIsOf) {
  std::vector<std::int64_t> articles;
  for (std::int64_t row = 0; row < 600; ++row) articles.push_back(row / 20);
  const std::string data = write_vectors(tree_ / "few.npz", 32, articles);
  const ProgramResult result = bench({"--quick", "--json", "--only", "eval", "--data", data},
                                     {{"RUNNER_BENCH_PYTHON", "./no_python"}});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  // The validation has seven of the articles, each with ten windows whose roll-out has all it needs.
  EXPECT_EQ(json_of(result)["rows"][0]["figure"], "5CAT, 70 to 500 samples a test");
}

}  // namespace
}  // namespace runner::test
