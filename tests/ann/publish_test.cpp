#include "ann/publish.h"

#include <gmock/gmock.h>

#include <thread>

#include "ann/made_vectors.h"
#include "base/atomic_file.h"

namespace runner::ann {
namespace {

namespace fs = std::filesystem;

struct Publish : testing::Test {
  test::TemporaryFolder folder;
  Target target{folder / "sub" / "x.index"};

  std::string publish_text(const std::string& text, std::int64_t keep = 3) {
    fs::create_directories(target.folder());
    const std::string version = target.new_version();
    write_file_atomically(target.building(version), text);
    publish(target, version, {{"text", text}}, keep);
    return version;
  }
};

TEST_F(Publish, PutsTheNewVersionUnderTheName) {
  const std::string version = publish_text("one");
  EXPECT_EQ(test::file_contents(target.link), "one");
  EXPECT_EQ(target.published(), version);
  EXPECT_EQ(published_manifest(target)["text"], "one");
  EXPECT_EQ(fs::read_symlink(target.link).string(), version) << "relative: the folder can be moved";
}

TEST_F(Publish, LeavesReadersOfTheOldVersionUndisturbed) {
  publish_text("the old contents", 1);
  std::ifstream reader(target.link);
  publish_text("new", 1);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "the old contents");
  EXPECT_EQ(test::file_contents(target.link), "new");
}

TEST_F(Publish, KeepsAsManyVersionsAsAsked) {
  std::vector<std::string> versions;
  for (const char* text : {"1", "2", "3", "4"}) versions.push_back(publish_text(text, 2));
  EXPECT_EQ(target.versions(), (std::vector<std::string>{versions[2], versions[3]}));
  EXPECT_FALSE(fs::exists(target.manifest(versions[0])));
}

TEST_F(Publish, RollsBackVersionByVersion) {
  for (const char* text : {"1", "2", "3"}) publish_text(text);
  roll_back(target);
  EXPECT_EQ(test::file_contents(target.link), "2");
  EXPECT_EQ(published_manifest(target)["text"], "2");
  roll_back(target);
  EXPECT_EQ(test::file_contents(target.link), "1");
  EXPECT_THAT(test::error_of<RunError>([&] { roll_back(target); }), testing::HasSubstr("no version before"));
  EXPECT_EQ(test::file_contents(target.link), "1");
}

TEST_F(Publish, KeepsAPlainFileOfAnOlderToolAsAVersion) {
  folder.write("sub/x.index", "from before");
  adopt_plain_file(target);
  EXPECT_EQ(test::file_contents(target.link), "from before");
  publish_text("new");
  roll_back(target);
  EXPECT_EQ(test::file_contents(target.link), "from before");
}

TEST_F(Publish, RemovesOnlyWhatAKilledRebuildLeft) {
  const std::string version = publish_text("one");
  const fs::path left = target.building("x.20250101T000000Z.index"), link = target.link.string() + ".77.tmp";
  for (const fs::path& path : {left, link, target.folder() / "other.tmp", target.folder() / "y.index.77.tmp"})
    write_file_atomically(path, "x");
  remove_leftovers(target);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_FALSE(fs::exists(link));
  EXPECT_TRUE(fs::exists(target.folder() / "other.tmp"));
  EXPECT_TRUE(fs::exists(target.folder() / "y.index.77.tmp"));
  EXPECT_TRUE(fs::exists(target.file(version)));
}

TEST_F(Publish, GivesNewVersionsLaterNamesEvenWhenTheClockWentBack) {
  folder.write("sub/x.20991231T235959Z.index", "from the future");
  EXPECT_EQ(target.new_version(), "x.21000101T000000Z.index");
}

TEST_F(Publish, LeavesOrWaitsWhenAnotherRebuildRuns) {
  auto first = lock_target(target, true);
  ASSERT_TRUE(first);
  EXPECT_FALSE(lock_target(target, false));
  bool got = false;
  std::thread other([&] { got = lock_target(target, true).has_value(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_FALSE(got);
  first.reset();
  other.join();
  EXPECT_TRUE(got);
}

}  // namespace
}  // namespace runner::ann
