#include "base/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace runner {
namespace {
namespace fs = std::filesystem;
using test::TemporaryFolder;

std::size_t file_count(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFile, LeavesTheOldFileUntilCommit) {
  TemporaryFolder folder;
  folder.write("a.txt", "old");
  {
    AtomicFile file(folder / "a.txt");
    file.write("new");
    EXPECT_EQ(test::file_contents(folder / "a.txt"), "old");
    file.commit();
  }
  EXPECT_EQ(test::file_contents(folder / "a.txt"), "new");
  EXPECT_EQ(file_count(folder.path()), 1u);
}

TEST(AtomicFile, WithoutCommitLeavesNothingBehind) {
  TemporaryFolder folder;
  {
    AtomicFile file(folder / "a.txt");
    file.write("half");
  }
  EXPECT_EQ(file_count(folder.path()), 0u);
}

// A process that writes `target` and is killed before it is done; its number.
pid_t killed_writer_of(const fs::path& target) {
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(target);
    file.write("half");
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(AtomicFile, RemovesWhatAKilledWriterOfTheSameTargetLeft) {
  TemporaryFolder folder;
  const pid_t writer = killed_writer_of(folder / "a.pt");
  ASSERT_TRUE(fs::exists(folder / ("a.pt." + std::to_string(writer) + ".tmp")));
  write_file_atomically(folder / "a.pt", "whole");
  EXPECT_EQ(test::file_contents(folder / "a.pt"), "whole");
  EXPECT_EQ(file_count(folder.path()), 1u);
}

TEST(AtomicFile, LeavesOtherTargetsOtherNamesAndLivingWriters) {
  TemporaryFolder folder;
  const pid_t writer = killed_writer_of(folder / "other.pt");
  folder.write("a.pt." + std::to_string(::getppid()) + ".tmp", "of a process that lives");
  folder.write("a.pt.12x.tmp", "not ours");
  folder.write("a.pt..tmp", "not ours");
  write_file_atomically(folder / "a.pt", "whole");
  EXPECT_TRUE(fs::exists(folder / ("other.pt." + std::to_string(writer) + ".tmp")));
  EXPECT_EQ(file_count(folder.path()), 5u);
}

// A writer on another machine or in another container: no process of its number here, but the file is locked.
TEST(AtomicFile, LeavesALockedTemporaryOfAProcessThatIsNotHere) {
  TemporaryFolder folder;
  const pid_t writer = killed_writer_of(folder / "a.pt");
  const fs::path theirs = folder / ("a.pt." + std::to_string(writer) + ".tmp");
  const int fd = ::open(theirs.c_str(), O_RDWR);
  ASSERT_EQ(::flock(fd, LOCK_EX | LOCK_NB), 0);
  write_file_atomically(folder / "a.pt", "first");
  EXPECT_TRUE(fs::exists(theirs));
  ::close(fd);
  write_file_atomically(folder / "a.pt", "second");
  EXPECT_FALSE(fs::exists(theirs));
}

TEST(AtomicFile, AWriterHoldsItsTemporaryLocked) {
  TemporaryFolder folder;
  AtomicFile file(folder / "a.pt");
  const int fd = ::open(file.temporary().c_str(), O_RDONLY);
  EXPECT_NE(::flock(fd, LOCK_EX | LOCK_NB), 0);
  ::close(fd);
}

TEST(AtomicFile, CreatesTheFolders) {
  TemporaryFolder folder;
  write_file_atomically(folder / "x/y/z.txt", "deep");
  EXPECT_EQ(test::file_contents(folder / "x/y/z.txt"), "deep");
}

TEST(AtomicFile, NamesTheFileWhenTheDiskIsFull) {
  TemporaryFolder folder;
  folder.write("a.bin", "last good");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{4096, before.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    write_file_atomically(folder / "a.bin", std::string(100000, 'x'));
  } catch (const RunError& error) {
    message = error.line();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_NE(message.find("a.bin: cannot write: "), std::string::npos) << message;
  EXPECT_EQ(test::file_contents(folder / "a.bin"), "last good");
  EXPECT_EQ(file_count(folder.path()), 1u);
}

TEST(ReplaceSymlink, SwitchesAnExistingLink) {
  TemporaryFolder folder;
  folder.write("one/x", "1");
  folder.write("two/x", "2");
  replace_symlink("one", folder / "latest");
  EXPECT_EQ(test::file_contents(folder / "latest/x"), "1");
  replace_symlink("two", folder / "latest");
  EXPECT_EQ(test::file_contents(folder / "latest/x"), "2");
}

TEST(ReadFile, NamesAMissingFileAndAFolder) {
  TemporaryFolder folder;
  EXPECT_THROW(read_file(folder / "absent"), RunError);
  EXPECT_THROW(read_file(folder.path()), RunError);
}

}  // namespace
}  // namespace runner
