#include "schedule/host.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.h"
#include "worker/processes/process.h"

namespace runner::runtime {
namespace fs = std::filesystem;

CommandResult run_command(const std::vector<std::string>& command, const std::string& input) {
  const int in = memory_file("runner-stdin"), out = memory_file("runner-stdout"),
            err = memory_file("runner-stderr");
  write_all(in, input);
  ::lseek(in, 0, SEEK_SET);
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw_errno("cannot start another process", command[0]);
  if (child == 0) {
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::setenv("LC_ALL", "C", 1);  // this process has one thread: safe after fork
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  CommandResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_from_start(out);
  result.err = read_from_start(err);
  for (const int fd : {in, out, err}) ::close(fd);
  return result;
}

Host this_host() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  const fs::path home = variable("HOME"), xdg = variable("XDG_CONFIG_HOME");
  if (!home.is_absolute())
    throw EnvironmentError("HOME is not set to an absolute path: nowhere to install", "schedule");
  Host host;
  host.run = run_command;
  host.systemd_runs = fs::is_directory("/run/systemd/system");
  host.user_units = (xdg.is_absolute() ? xdg : home / ".config") / "systemd" / "user";
  host.user_agents = home / "Library" / "LaunchAgents";
  return host;
}

}  // namespace runner::runtime
