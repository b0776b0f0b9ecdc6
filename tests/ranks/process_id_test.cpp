#include "ranks/process_id.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace runner::ranks {
namespace {

// A child that says who it is and waits to be killed.
struct Child {
  Child() {
    int ends[2];
    if (::pipe(ends) != 0) return;
    pid = ::fork();
    if (pid == 0) {
      const std::string name = own_process();
      if (::write(ends[1], name.data(), name.size()) < 0) ::_exit(1);
      ::close(ends[1]);
      while (true) ::pause();
    }
    ::close(ends[1]);
    char text[256];
    for (ssize_t n = 0; (n = ::read(ends[0], text, sizeof text)) > 0;)
      process.append(text, static_cast<std::size_t>(n));
    ::close(ends[0]);
  }
  pid_t pid = -1;
  std::string process;
};

TEST(ProcessId, TellsThatAProcessOfThisMachineHasEnded) {
  if (own_process().empty()) GTEST_SKIP() << "this system has no /proc";
  EXPECT_FALSE(has_ended(own_process()));
  const Child child;
  ASSERT_NE(child.process, own_process());
  EXPECT_FALSE(has_ended(child.process));
  ::kill(child.pid, SIGSTOP);
  EXPECT_FALSE(has_ended(child.process)) << "it may go on";
  ::kill(child.pid, SIGKILL);
  for (int i = 0; i < 500 && !has_ended(child.process); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(has_ended(child.process)) << "a zombie";
  ::waitpid(child.pid, nullptr, 0);
  EXPECT_TRUE(has_ended(child.process));
}

TEST(ProcessId, IsNotJudgedFromAnotherMachine) {
  std::string process = own_process();
  if (process.empty()) GTEST_SKIP() << "this system has no /proc";
  // The same number, of another start: another process.
  EXPECT_TRUE(has_ended(process.substr(0, process.rfind(' ')) + " 1"));
  process[0] = process[0] == 'f' ? 'e' : 'f';
  EXPECT_FALSE(has_ended(process.substr(0, process.rfind(' ')) + " 1")) << "of another boot";
  EXPECT_FALSE(has_ended(""));
}

}  // namespace
}  // namespace runner::ranks
