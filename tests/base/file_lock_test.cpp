#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace runner {
namespace {

TEST(FileLock, KeepsOthersOutAndNamesItsHolder) {
  test::TemporaryFolder folder;
  auto lock = FileLock::try_lock(folder / "lock");
  ASSERT_TRUE(lock.has_value());
  EXPECT_FALSE(FileLock::try_lock(folder / "lock").has_value());
  EXPECT_EQ(FileLock::holder(folder / "lock"), ::getpid());
  lock.reset();
  EXPECT_TRUE(FileLock::try_lock(folder / "lock").has_value());
}

TEST(FileLock, IsReleasedWhenItsHolderIsKilled) {
  test::TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock = FileLock::wait(folder / "lock");
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_FALSE(FileLock::try_lock(folder / "lock").has_value());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock::try_lock(folder / "lock").has_value());
}

TEST(FileLock, LeavesTheContentsOfAFileThatIsNotOurs) {
  test::TemporaryFolder folder;
  for (const char* text : {"a note\n", "12", "99999 bottles\n", "-4\n"}) {
    folder.write("lock", text);
    EXPECT_TRUE(FileLock::try_lock(folder / "lock").has_value()) << text;
    EXPECT_EQ(test::file_contents(folder / "lock"), text);
    EXPECT_EQ(FileLock::holder(folder / "lock"), 0) << text;
  }
}

TEST(FileLock, FollowsNoLinkAndOpensNothingButFiles) {
  test::TemporaryFolder folder;
  std::filesystem::create_symlink("victim", folder / "link");
  std::filesystem::create_directory(folder / "folder");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  for (const char* name : {"link", "folder", "fifo"}) {
    EXPECT_THROW(FileLock::try_lock(folder / name), UsageError) << name;
    EXPECT_THROW(FileLock::wait(folder / name), UsageError) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "victim"));
}

TEST(FileLock, IsSeenWithoutBeingTaken) {
  const test::TemporaryFolder folder;
  EXPECT_FALSE(FileLock::held(folder / "lock"));
  EXPECT_FALSE(std::filesystem::exists(folder / "lock"));
  {
    const FileLock lock = FileLock::wait(folder / "lock");
    EXPECT_TRUE(FileLock::held(folder / "lock"));
  }
  EXPECT_FALSE(FileLock::held(folder / "lock"));
}

TEST(FileLock, TellsWhenItsFileIsAnotherOrGone) {
  const test::TemporaryFolder folder;
  const FileLock lock = FileLock::wait(folder / "a/lock");
  EXPECT_TRUE(lock.still_at(folder / "a/lock"));
  std::filesystem::rename(folder / "a", folder / "b");
  EXPECT_FALSE(lock.still_at(folder / "a/lock"));
  EXPECT_TRUE(lock.still_at(folder / "b/lock"));
  const FileLock other =
      FileLock::wait(folder / "a/lock");  // the new file keeps nobody out who has the old one
  EXPECT_FALSE(lock.still_at(folder / "a/lock"));
}

TEST(FileLock, NamesAFolderThatCannotBeMade) {
  const test::TemporaryFolder folder;
  folder.write("file", "");
  try {
    FileLock::wait(folder / "file/run/lock");
    ADD_FAILURE() << "locked in a folder below a file";
  } catch (const RunError& error) {
    EXPECT_EQ(error.place(), (folder / "file/run").string());
  }
}

}  // namespace
}  // namespace runner
