#pragma once

namespace runner::runtime {

// The worker's side of a launch: `runner --worker FD`, where FD holds what launch_job wrote.
int worker_main(int request_fd);

}  // namespace runner::runtime
