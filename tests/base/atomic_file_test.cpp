#include "base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

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
