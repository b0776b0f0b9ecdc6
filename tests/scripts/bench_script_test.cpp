// scripts/bench.sh from its first line to its table, in a tree whose set-up and build are done: their two
// scripts are the only things that are not the real ones.

#include <gmock/gmock.h>

#include "base/json.h"
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

  ProgramResult bench(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), (tree_ / "scripts/bench.sh").string());
    return run_program(arguments, {(tree_ / "build").string(), {{"RUNNER", ""}, {"RUNNER_DATA", ""}}});
  }

  TemporaryFolder tree_;
};

TEST_F(BenchScript, MeasuresTheProgramThatItHasBuilt) {
  const ProgramResult result = bench({"--quick", "--json", "--only", "start"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string text = result.out.substr(0, result.out.size() - 1);
  const Json table = Json::parse(text.substr(text.rfind('\n') + 1));
  ASSERT_EQ(table["rows"].size(), 3u);
  for (const Json& row : table["rows"]) {
    EXPECT_GT(row["runner"].get<double>(), 0) << row;
    EXPECT_LE(row["spread"][0].get<double>(), row["runner"].get<double>()) << row;
    EXPECT_GE(row["spread"][1].get<double>(), row["runner"].get<double>()) << row;
    EXPECT_THAT(text, HasSubstr("\n" + row["figure"].get<std::string>() + " "));
  }
}

TEST_F(BenchScript, RefusesWhatItDoesNotKnow) {
  const ProgramResult figure = bench({"--only", "start,speed"});
  EXPECT_EQ(figure.exit_code, 2);
  EXPECT_THAT(figure.err, HasSubstr("--only: speed: there is start, train, index, search, sequences, eval"));
  const ProgramResult data = bench({"--data", "nothing.npz"});
  EXPECT_EQ(data.exit_code, 2);
  EXPECT_THAT(data.err, HasSubstr("no such file: " + (tree_ / "build/nothing.npz").string()));
}

}  // namespace
}  // namespace runner::test
