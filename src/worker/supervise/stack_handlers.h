#pragma once
// The worker's side of stacks.h.

namespace runner::runtime {

// From now on SIGUSR2 writes the receiving thread's stack to `fd`, and a fatal signal that of the
// thread that crashed, before the signal does its default work.
void install_stack_handlers(int fd);

}  // namespace runner::runtime
