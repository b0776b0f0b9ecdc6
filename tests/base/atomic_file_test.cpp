#include "base/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <string>

#include "base/error.h"
#include "base/temporary_name.h"
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

// What a process leaves that writes `target` and is killed before it is done.
fs::path left_by_killed_writer_of(const fs::path& target) {
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(target);
    file.write("half");
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  for (const auto& entry : fs::directory_iterator(target.parent_path()))
    if (is_temporary_of(entry.path().filename(), target.filename())) return entry.path();
  return "";
}

TEST(AtomicFile, RemovesWhatAKilledWriterOfTheSameTargetLeft) {
  TemporaryFolder folder;
  ASSERT_FALSE(left_by_killed_writer_of(folder / "a.pt").empty());
  write_file_atomically(folder / "a.pt", "whole");
  EXPECT_EQ(test::file_contents(folder / "a.pt"), "whole");
  EXPECT_EQ(file_count(folder.path()), 1u);
}

// Older versions wrote FILE.PID.tmp; the number may be another process's by now.
TEST(AtomicFile, RemovesALeftoverWhoseProcessNumberIsInUseAgain) {
  TemporaryFolder folder;
  folder.write("a.pt." + std::to_string(::getppid()) + ".tmp", "half");
  write_file_atomically(folder / "a.pt", "whole");
  EXPECT_EQ(file_count(folder.path()), 1u);
}

TEST(AtomicFile, LeavesOtherTargetsAndNamesThatAreNotOurs) {
  TemporaryFolder folder;
  const fs::path others = left_by_killed_writer_of(folder / "other.pt");
  for (const char* name : {"a.pt.12x.tmp", "a.pt..tmp", "a.pt.notes.tmp", "a.pt.0012.tmp",
                           "a.pt.0123456789abcdeX.tmp", "a.pt.0123456789abcde.tmp"})
    folder.write(name, "not ours");
  fs::create_directory(folder / "a.pt.77.tmp");
  fs::create_symlink("a.pt.notes.tmp", folder / "a.pt.78.tmp");
  write_file_atomically(folder / "a.pt", "whole");
  EXPECT_TRUE(fs::exists(others));
  EXPECT_EQ(file_count(folder.path()), 10u);
}

// A writer on another machine or in another container: its file is locked.
TEST(AtomicFile, LeavesALockedTemporary) {
  TemporaryFolder folder;
  const fs::path theirs = left_by_killed_writer_of(folder / "a.pt");
  const int fd = ::open(theirs.c_str(), O_RDWR);
  ASSERT_EQ(::flock(fd, LOCK_EX | LOCK_NB), 0);
  write_file_atomically(folder / "a.pt", "first");
  EXPECT_TRUE(fs::exists(theirs));
  ::close(fd);
  write_file_atomically(folder / "a.pt", "second");
  EXPECT_FALSE(fs::exists(theirs));
}

TEST(AtomicFile, PutsNothingInPlaceOfWhatIsNoRegularFile) {
  TemporaryFolder folder;
  folder.write("victim", "precious");
  const auto expect_refused = [&](const char* kind) {
    try {
      write_file_atomically(folder / "a", "new");
      ADD_FAILURE() << kind;
    } catch (const RunError& error) {
      EXPECT_NE(error.line().find(std::string("/a: is ") + kind), std::string::npos) << error.line();
    }
  };
  ASSERT_EQ(::mkfifo((folder / "a").c_str(), 0600), 0);
  expect_refused("a fifo");
  fs::remove(folder / "a");
  fs::create_symlink("victim", folder / "a");
  expect_refused("a link");
  EXPECT_TRUE(fs::is_symlink(folder / "a"));
  EXPECT_EQ(test::file_contents(folder / "victim"), "precious");
  EXPECT_EQ(file_count(folder.path()), 2u);
}

TEST(AtomicFile, CountsOnWhereTheNameIsTaken) {
  TemporaryFolder folder;
  folder.write("r_1.5.json", "theirs");
  std::vector<std::string> names;
  for (int i = 0; i < 2; ++i) {
    AtomicFile file(folder / "r_1.5.json", IfTaken::count_on);
    file.write("ours");
    file.commit();
    names.push_back(file.target().filename());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"r_1.5_2.json", "r_1.5_3.json"}));
  EXPECT_EQ(test::file_contents(folder / "r_1.5.json"), "theirs");
  EXPECT_EQ(file_count(folder.path()), 3u);
}

TEST(AtomicFile, ProcessesThatCountOnAtOnceEachGetAFileOfTheirOwn) {
  TemporaryFolder folder;
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    AtomicFile file(folder / "r.json", IfTaken::count_on);
    file.write(std::to_string(i));
    file.commit();
    ::_exit(0);
  }
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
  std::set<std::string> contents;
  for (const auto& entry : fs::directory_iterator(folder.path()))
    contents.insert(test::file_contents(entry.path()));
  EXPECT_EQ(file_count(folder.path()), 8u);
  EXPECT_EQ(contents.size(), 8u);
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

TEST(ReplaceSymlink, LeavesWhatIsNotALinkOfOurs) {
  TemporaryFolder folder;
  folder.write("elsewhere/x", "1");
  folder.write("file", "precious");
  fs::create_directory(folder / "folder");
  fs::create_symlink("elsewhere/x", folder / "link");
  for (const char* name : {"file", "folder", "link"})
    EXPECT_THROW(replace_symlink("new", folder / name), UsageError) << name;
  EXPECT_EQ(test::file_contents(folder / "file"), "precious");
  EXPECT_TRUE(fs::is_directory(folder / "folder"));
  EXPECT_EQ(fs::read_symlink(folder / "link"), "elsewhere/x");
  EXPECT_EQ(file_count(folder.path()), 4u);
}

TEST(ReplaceSymlink, RemovesTheTemporaryLinksOfKilledProcesses) {
  TemporaryFolder folder;
  fs::create_symlink("one", folder / "latest.4242.tmp");
  fs::create_symlink("one", folder / "latest.0123456789abcdef.tmp");
  fs::create_symlink("one", folder / "latest.mine.tmp");
  folder.write("latest.77.tmp", "no link");
  replace_symlink("two", folder / "latest");
  EXPECT_EQ(file_count(folder.path()), 3u);
  EXPECT_TRUE(fs::is_symlink(folder / "latest.mine.tmp"));
}

TEST(ReplaceSymlink, ByManyProcessesAtOnceEndsWell) {
  TemporaryFolder folder;
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    for (int round = 0; round < 50; ++round) replace_symlink(std::to_string(i), folder / "latest");
    ::_exit(0);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(file_count(folder.path()), 1u);
}

TEST(ReadFile, NamesAMissingFileAndAFolder) {
  TemporaryFolder folder;
  EXPECT_THROW(read_file(folder / "absent"), RunError);
  EXPECT_THROW(read_file(folder.path()), DataError);
}

}  // namespace
}  // namespace runner
