#include "index/publish/publish.h"

#include <gmock/gmock.h>

#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/version_name.h"
#include "index/made_vectors.h"

namespace runner::ann {
namespace {

namespace fs = std::filesystem;

struct Publish : testing::Test {
  test::TemporaryFolder folder;
  Target target{folder / "sub" / "x.index"};

  static Manifest manifest_of(const std::string& text) {
    JobContext context;
    context.job = "index";
    return {context, text};
  }

  std::string publish_text(const std::string& text, std::int64_t keep = 3) {
    fs::create_directories(target.folder());
    const std::string version = target.new_version();
    write_file_atomically(target.building(version), text);
    publish(target, version, manifest_of(text), keep);
    return version;
  }
};

TEST_F(Publish, PutsTheNewVersionUnderTheName) {
  const std::string version = publish_text("one");
  EXPECT_EQ(test::file_contents(target.link), "one");
  EXPECT_EQ(target.published(), version);
  EXPECT_EQ(published_manifest(target)->name(), "one");
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
  EXPECT_EQ(published_manifest(target)->name(), "2");
  roll_back(target);
  EXPECT_EQ(test::file_contents(target.link), "1");
  EXPECT_THAT(test::error_of<RunError>([&] { roll_back(target); }), testing::HasSubstr("no version before"));
  EXPECT_EQ(test::file_contents(target.link), "1");
}

// As an index of another tool begins; the rest does not matter here.
std::string faiss_bytes(const std::string& rest) {
  std::string bytes = "IxFI";
  const auto add = [&](auto value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  add(std::int32_t{4});
  for (const std::int64_t number : {1, 1 << 20, 1 << 20}) add(number);
  return bytes + rest;
}

TEST_F(Publish, KeepsAPlainIndexOfAnotherToolAsAnOlderVersionForEver) {
  const std::string theirs = faiss_bytes("theirs");
  folder.write("sub/x.index", theirs);
  const std::string first = target.new_version();  // the same second as the file's
  write_file_atomically(target.building(first), "one");
  adopt_plain_file(target, first);
  EXPECT_EQ(test::file_contents(target.link), theirs);
  publish(target, first, manifest_of("first"), 1);
  EXPECT_EQ(test::file_contents(target.link), "one");
  roll_back(target);
  EXPECT_EQ(test::file_contents(target.link), theirs);
  for (const char* text : {"two", "three"}) publish_text(text, 1);
  EXPECT_EQ(target.versions().size(), 2U);
  EXPECT_EQ(test::file_contents(target.file(target.versions()[0])), theirs);
}

TEST_F(Publish, AdoptsNothingButAnIndex) {
  folder.write("sub/x.index", "vectors of somebody");
  EXPECT_THROW(adopt_plain_file(target, target.new_version()), UsageError);
  EXPECT_EQ(test::file_contents(target.link), "vectors of somebody");
}

TEST_F(Publish, NeitherOverwritesNorRemovesAForeignFileWithAVersionsName) {
  const std::time_t now = std::time(nullptr);
  std::vector<std::string> foreign;
  for (std::time_t time = now - 1; time < now + 60; ++time)
    foreign.push_back("sub/" + version_name(target.link, time) + (time % 2 == 0 ? ".tmp" : ""));
  for (const std::string& name : foreign) folder.write(name, "somebody's");
  folder.write("sub/x.20200101T000000Z.index", "somebody's");
  foreign.push_back("sub/x.20200101T000000Z.index");
  for (const char* text : {"one", "two", "three"}) publish_text(text, 1);
  for (const std::string& name : foreign) EXPECT_EQ(test::file_contents(folder / name), "somebody's") << name;
  EXPECT_EQ(target.versions().size(), 1U);
}

TEST_F(Publish, RemovesOnlyWhatAKilledRebuildLeft) {
  const std::string version = publish_text("one"), killed = "x.20250101T000000Z.index";
  const std::vector<fs::path> left = {
      target.building(killed), target.pending_manifest("x.20250101T000001Z.index"),
      target.manifest(killed).string() + ".77.tmp",
      target.pending_manifest(killed).string() + ".0123456789abcdef.tmp", target.link.string() + ".77.tmp"};
  const std::vector<fs::path> theirs = {target.folder() / "other.tmp",
                                        target.folder() / "y.index.77.tmp",
                                        target.link.string() + ".notes.tmp",
                                        target.link.string() + ".tmp",
                                        target.manifest(killed).string() + ".mine.tmp",
                                        target.file(version)};
  for (const fs::path& path : left) std::ofstream(path) << "x";
  for (const fs::path& path : theirs) std::ofstream(path, std::ios::app) << "x";
  tidy(target);
  for (const fs::path& path : left) EXPECT_FALSE(fs::exists(path)) << path;
  for (const fs::path& path : theirs) EXPECT_TRUE(fs::exists(path)) << path;
}

// Every state that a kill between two steps of publish() can leave.
TEST_F(Publish, FinishesWhatAKilledRebuildBegan) {
  publish_text("old");
  const std::string version = target.new_version();
  const auto manifest = [&] { manifest_of("new").write(target.pending_manifest(version)); };
  write_file_atomically(target.building(version), "new");
  manifest();  // killed before the index has its name: there is no such version
  EXPECT_FALSE(fs::exists(target.manifest(version)));
  tidy(target);
  EXPECT_EQ(test::file_contents(target.link), "old");
  EXPECT_FALSE(target.is_taken(version));
  write_file_atomically(target.file(version), "new");
  manifest();  // killed before the manifest has its name
  tidy(target);
  EXPECT_EQ(test::file_contents(target.link), "new");
  EXPECT_EQ(published_manifest(target)->name(), "new");
  EXPECT_FALSE(fs::exists(target.pending_manifest(version)));
}

TEST_F(Publish, LocksAnIndexOfItsOwnWhereTheNameIsTaken) {
  Target first = target, second = target, third = target;
  const auto one = lock_new_target(first);
  const auto two = lock_new_target(second);
  EXPECT_EQ(first.link, target.link);
  EXPECT_EQ(second.link.filename(), "x_2.index");
  fs::create_symlink("x_3.20260101T000000Z.index", target.folder() / "x_3.index");
  const auto three = lock_new_target(third);
  EXPECT_EQ(third.link.filename(), "x_4.index");
}

TEST_F(Publish, GivesNewVersionsLaterNamesEvenWhenTheClockWentBack) {
  folder.write("sub/x.20991231T235959Z.index", faiss_bytes("from the future"));
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
