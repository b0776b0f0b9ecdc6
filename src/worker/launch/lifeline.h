#pragma once
// A worker ends when its launcher does, however that ends. Linux has PR_SET_PDEATHSIG
// (processes/process.cpp); elsewhere the launcher keeps one end of a pipe open, and the worker waits at the
// other.

namespace runner::runtime {

// `worker_end` is inherited by what this process executes, `launcher_end` is not: it closes with this
// process.
struct Lifeline {
  int worker_end = -1;
  int launcher_end = -1;
};
Lifeline open_lifeline();  // throws RunError

// In the worker: a thread that ends this process at once (exit code 1) when no launcher's end is open any
// more.
void die_with_launcher(int worker_end);

}  // namespace runner::runtime
