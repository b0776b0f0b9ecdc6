#include "base/write_access.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/append_file.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/output.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

mode_t umask_after(mode_t inherited) {
  ::umask(inherited);
  keep_others_from_writing();
  return ::umask(022);
}

TEST(WriteAccess, AUmaskThatLetsEverybodyWriteIsReplaced) {
  const mode_t before = ::umask(022);
  EXPECT_EQ(umask_after(000), 022U);
  restore_umask();
  EXPECT_EQ(::umask(022), 000U) << "what other programs get";
  EXPECT_EQ(umask_after(020), 022U);
  EXPECT_EQ(umask_after(002), 002U) << "a group's own wish";
  EXPECT_EQ(umask_after(077), 077U);
  ::umask(before);
}

constexpr uid_t another = 65534;

// A folder that everybody may write (not sticky, so that no kernel refuses first), with a link of somebody's
// to a folder.
class ForeignLink : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_ / "open");
    fs::create_directory(folder_ / "mine");
    fs::create_directory_symlink(folder_ / "mine", folder_ / "open/link");
    fs::permissions(folder_ / "open", fs::perms::all);
    if (::lchown((folder_ / "open/link").c_str(), another, another) != 0)
      GTEST_SKIP() << "only root can make a link that belongs to another user";
  }
  TemporaryFolder folder_;
};

TEST_F(ForeignLink, IsNotWrittenThrough) {
  const fs::path file = folder_ / "open/link/file.txt";
  EXPECT_THROW(write_file_atomically(file, "x"), RunError);
  EXPECT_THROW(AppendFile{file}, RunError);
  EXPECT_THROW(FileLock::try_lock(folder_ / "open/link/lock"), RunError);
  EXPECT_THROW(make_new_folder(folder_ / "open/link/run"), RunError);
  EXPECT_TRUE(fs::is_empty(folder_ / "mine"));
  for (const OutputKind kind : {OutputKind::file, OutputKind::folder, OutputKind::link}) {
    Output output;
    output.path = file.string();
    output.kind = kind;
    EXPECT_THAT(objection_to(output),
                HasSubstr("a link that another user has made in " + (folder_ / "open").string()));
  }
}

TEST_F(ForeignLink, IsNotFollowedAsTheOutputItself) {
  Output output;
  output.path = (folder_ / "open/link").string();
  output.kind = OutputKind::folder;
  EXPECT_THAT(objection_to(output), HasSubstr("it is not followed"));
}

TEST_F(ForeignLink, IsFoundBehindALinkOfOnesOwn) {
  fs::create_directory_symlink("open/link", folder_ / "own");
  EXPECT_THAT(foreign_link_on(folder_ / "own/file.txt"), HasSubstr("open/link"));
}

TEST_F(ForeignLink, IsFollowedWhereOnlyItsMakerCouldMakeIt) {
  fs::permissions(folder_ / "open", fs::perms::owner_all | fs::perms::group_all);
  EXPECT_EQ(foreign_link_on(folder_ / "open/link/file.txt"), "") << "not everybody may write there";
  fs::permissions(folder_ / "open", fs::perms::all);
  ASSERT_EQ(::chown((folder_ / "open").c_str(), another, another), 0);
  EXPECT_EQ(foreign_link_on(folder_ / "open/link/file.txt"), "") << "it is the folder's owner's";
  ASSERT_EQ(::chown((folder_ / "open").c_str(), ::getuid(), ::getgid()), 0);
  ASSERT_EQ(::lchown((folder_ / "open/link").c_str(), ::getuid(), ::getgid()), 0);
  write_file_atomically(folder_ / "open/link/file.txt", "x");
  EXPECT_TRUE(fs::exists(folder_ / "mine/file.txt"));
}

}  // namespace
}  // namespace runner::test
