// runner runs: past runs from their manifests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

// A training run's folder, and an index with its versions and links as `runner index` leaves them.
class Runs : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("models/a/manifest.json", R"({"job": "train", "name": "a", "outcome": "finished"})");
    folder_.write("index/x.1.index", "index");
    folder_.write("index/x.1.index.manifest.json", R"({"job": "index", "name": "x", "outcome": "done"})");
    std::filesystem::create_symlink("x.1.index", folder_ / "index/x.index");
    std::filesystem::create_symlink("x.1.index.manifest.json", folder_ / "index/x.index.manifest.json");
  }
  ProgramResult runs(std::vector<std::string> more) const {
    more.insert(more.begin(), "runs");
    return run_runner(more, {folder_.path().string(), {}});
  }
  TemporaryFolder folder_;
};

TEST_F(Runs, AreListedOnceWithWhatTheyWrote) {
  const Json listed = Json::parse(runs({"list", ".", "--json"}).out);
  EXPECT_EQ(listed.at("runs").size(), 2U) << listed;
  const ProgramResult table = runs({"list", "."});
  EXPECT_THAT(table.out, HasSubstr("./models/a\n"));
  EXPECT_THAT(table.out, HasSubstr("./index/x.1.index\n"));
}

TEST_F(Runs, AreShownByFolderFileOrManifest) {
  for (const char* place : {"models/a", "models/a/manifest.json"})
    EXPECT_THAT(runs({"show", place}).out, HasSubstr("\"outcome\": \"finished\"")) << place;
  EXPECT_EQ(runs({"show", "index/x.index", "--json"}).out,
            "{\"job\":\"index\",\"name\":\"x\",\"outcome\":\"done\"}\n");
}

TEST_F(Runs, ThatAreNotThereAreNamed) {
  const ProgramResult run = runs({"show", "models/b"});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("models/b"));
  EXPECT_EQ(runs({"list", "nowhere"}).exit_code, 2);
}

}  // namespace
}  // namespace runner::test
