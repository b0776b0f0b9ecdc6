// runner runs: past runs from their manifests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

using testing::HasSubstr;
using testing::Not;

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
    EXPECT_THAT(runs({"show", place}).out, HasSubstr("outcome   finished\n")) << place;
  EXPECT_EQ(runs({"show", "index/x.index", "--json"}).out,
            "{\"job\":\"index\",\"name\":\"x\",\"outcome\":\"done\"}\n");
}

// Whatever lies in a file of that name.
TEST_F(Runs, AForeignManifestNeitherHidesTheOthersNorEndsTheProgram) {
  folder_.write("deep/manifest.json", std::string(300000, '['));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  folder_.write("deep2/manifest.json", objects);
  folder_.write("list/manifest.json", "[1, 2]");
  folder_.write("cut/manifest.json", R"({"job": "tra)");
  folder_.write("empty/manifest.json", "");
  folder_.write("odd/manifest.json", R"({"job": [1], "name": {"a": null}, "outcome": 3, "started": false})");
  ASSERT_EQ(::mkfifo((folder_ / "fifo.manifest.json").c_str(), 0600), 0);
  const ProgramResult listed = runs({"list", ".", "--json"});
  EXPECT_EQ(listed.exit_code, 0) << listed.err;
  EXPECT_EQ(Json::parse(listed.out).at("runs").size(), 3U) << listed.out;
  for (const char* left_out : {"deep/", "deep2/", "list/", "cut/", "empty/"})
    EXPECT_THAT(listed.err, HasSubstr(std::string("left out: ./") + left_out + "manifest.json"));
  EXPECT_THAT(runs({"list", "."}).out, HasSubstr("[1]"));
  for (const char* broken : {"deep", "deep2", "list", "cut", "empty", "fifo.manifest.json"}) {
    const ProgramResult shown = runs({"show", broken, "--json"});
    EXPECT_EQ(shown.exit_code, 3) << broken << shown.err;
    EXPECT_EQ(Json::parse(shown.out)["error"]["code"], 3);
  }
  EXPECT_EQ(runs({"show", "odd"}).exit_code, 0);
}

// Runs come and go while they are listed.
TEST_F(Runs, ThatVanishAreNoError) {
  std::atomic<bool> stop{false};
  std::thread others([&] {
    for (int i = 0; !stop; ++i) {
      const std::string name = "models/t" + std::to_string(i % 50);
      folder_.write(name + "/manifest.json", R"({"job": "train"})");
      folder_.write(name + "/checkpoints/x/y", "z");
      if (i >= 25) std::filesystem::remove_all(folder_ / ("models/t" + std::to_string((i - 25) % 50)));
    }
  });
  for (int i = 0; i < 40; ++i) {
    const ProgramResult listed = runs({"list", ".", "--json"});
    EXPECT_EQ(listed.exit_code, 0) << listed.err;
    EXPECT_THAT(listed.out, HasSubstr("models/a/manifest.json"));
  }
  stop = true;
  others.join();
}

// Killed between a manifest and what it tells of, a rebuild or an evaluation has left nothing to list.
TEST_F(Runs, WhoseFileIsNotThereAreNotListed) {
  std::filesystem::remove(folder_ / "index/x.1.index");
  folder_.write("eval/r.json.manifest.json", R"({"job": "eval", "outcome": "done"})");
  EXPECT_EQ(Json::parse(runs({"list", ".", "--json"}).out).at("runs").size(), 1U);
  EXPECT_THAT(runs({"list", "."}).out, Not(HasSubstr("x.1.index")));
}

TEST_F(Runs, KeepTheirOrderWhenOneIsSettled) {
  folder_.write("models/old/manifest.json", R"({"job": "train", "name": "old", "outcome": "running"})");
  const auto early = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24);
  std::filesystem::last_write_time(folder_ / "models/old/manifest.json", early);
  for (int look = 0; look < 2; ++look) {
    const Json listed = Json::parse(runs({"list", "models", "--json"}).out).at("runs");
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].at("name"), "old");
    EXPECT_EQ(listed[0].at("outcome"), "interrupted");
  }
}

TEST_F(Runs, ThatAreNotThereAreNamed) {
  const ProgramResult run = runs({"show", "models/b"});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("models/b"));
  EXPECT_EQ(runs({"list", "nowhere"}).exit_code, 2);
}

}  // namespace
}  // namespace runner::test
