// How a worker notices the end of its launcher where the system has no PR_SET_PDEATHSIG; the code is the same
// everywhere.
#include "worker/launch/lifeline.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace {

using runner::runtime::die_with_launcher;
using runner::runtime::Lifeline;
using runner::runtime::open_lifeline;

TEST(Lifeline, OnlyTheWorkersEndIsInherited) {
  const Lifeline held = open_lifeline();
  EXPECT_EQ(::fcntl(held.worker_end, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(::fcntl(held.launcher_end, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  ::close(held.worker_end);
  ::close(held.launcher_end);
}

TEST(Lifeline, TheWorkerEndsWhenTheLaunchersEndCloses) {
  const Lifeline held = open_lifeline();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t worker = ::fork();
  ASSERT_GE(worker, 0);
  if (worker == 0) {
    ::close(held.launcher_end);  // as exec does
    die_with_launcher(held.worker_end);
    [[maybe_unused]] const auto n = ::write(ready[1], "r", 1);
    while (true) ::pause();
  }
  char ignored;
  ASSERT_EQ(::read(ready[0], &ignored, 1), 1);
  int status = 0;
  EXPECT_EQ(::waitpid(worker, &status, WNOHANG), 0) << "it lives while the launcher does";
  ::close(held.launcher_end);
  ASSERT_EQ(::waitpid(worker, &status, 0), worker);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
  ::close(held.worker_end);
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
