#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

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

}  // namespace
}  // namespace runner
