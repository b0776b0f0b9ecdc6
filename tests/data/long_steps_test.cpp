// What takes long shows on a terminal how far it is.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

#include "base/log.h"
#include "data/content_hash.h"
#include "support/temporary_folder.h"
#include "support/terminal.h"

namespace runner::test {
namespace {

// Whether `work`, in a process whose stderr is a terminal, shows `text` there before it is done.
bool shows_on_terminal(const std::function<void()>& work, const std::string& text) {
  const int master = open_pseudo_terminal();
  if (master < 0) return false;
  const std::string name = ::ptsname(master);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open(name.c_str(), O_RDWR | O_NOCTTY), 2);
    ::setenv("TERM", "xterm", 1);
    setup_logging(Verbosity::normal);
    work();
    ::_exit(0);
  }
  std::string seen;
  char buffer[4096];
  const int end = ::open(name.c_str(), O_RDWR | O_NOCTTY);  // until the child has opened it
  while (seen.find(text) == std::string::npos) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) break;
    ::fcntl(master, F_SETFL, O_NONBLOCK);
    const ssize_t n = ::read(master, buffer, sizeof buffer);
    if (n > 0) seen.append(buffer, static_cast<std::size_t>(n));
    if (n <= 0) ::usleep(10'000);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(end);
  ::close(master);
  return seen.find(text) != std::string::npos;
}

TEST(ALongStep, HashingShowsItsProgress) {
  const TemporaryFolder folder;
  const std::string file = (folder / "large.npy").string();
  { std::ofstream create(file); }
  std::filesystem::resize_file(file, 64'000'000'000);  // without blocks: no disk is taken
  EXPECT_TRUE(shows_on_terminal([&] { data::hash_file(file); }, "/64000 MB"));
}

}  // namespace
}  // namespace runner::test
