#include "worker/launch/own_command.h"

#include <poll.h>
#include <sys/wait.h>

#include <csignal>

#include "openmp_scan/scan.h"
#include "worker/launch/paths.h"
#include "worker/processes/signal_pipe.h"

namespace runner::runtime {

ChildSetup own_command(const std::vector<std::string>& words) {
  ChildSetup setup;
  setup.program = program_path().string();
  setup.argv = {setup.program};
  setup.argv.insert(setup.argv.end(), words.begin(), words.end());
  setup.environment = current_environment();
  return setup;
}

CommandEnding run_to_end(const ChildSetup& setup) {
  SignalPipe signals({SIGINT, SIGTERM, SIGHUP, SIGCHLD}, {SIGINT, SIGHUP});
  const pid_t child = spawn(setup);
  CommandEnding ending;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    pollfd waiting{signals.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 1000);
    for (const auto& event : signals.take()) {
      if (event.signal == SIGCHLD) continue;
      ending.passed_on = event.signal;
      if (!event.from_kernel) ::kill(child, event.signal);
    }
  }
  ending.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return ending;
}

}  // namespace runner::runtime
