#include "worker/launch/lifeline.h"

#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/error.h"
#include "worker/processes/process.h"

namespace runner::runtime {

Lifeline open_lifeline() {
  int ends[2];
  if (::pipe(ends) != 0) throw_errno("cannot create a pipe", "");
  close_on_exec(ends[1]);
  return {ends[0], ends[1]};
}

void die_with_launcher(int worker_end) {
  std::thread([worker_end] {
    char ignored;
    ssize_t got;
    do {
      got = ::read(worker_end, &ignored, 1);
    } while (got > 0 || (got < 0 && errno == EINTR));
    ::_exit(static_cast<int>(ExitCode::failed));
  }).detach();
}

}  // namespace runner::runtime
