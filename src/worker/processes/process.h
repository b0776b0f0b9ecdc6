#pragma once
// Processes: started with a decided environment, tied to the life of their starter.

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

#include "environment/cpu_limits.h"

namespace runner::runtime {

// The file that execvp would take, from the PATH of this environment; "" when there is none.
std::string find_program(const std::string& program, const Environment& environment);

struct ChildSetup {
  std::string program;            // with a slash: that file; without: looked up in PATH
  std::vector<std::string> argv;  // argv[0] included
  Environment environment;
  bool own_group = false;      // true: signals that the terminal sends to its group reach the starter only
  int death_signal = SIGKILL;  // what the child gets when its starter dies, however it dies (Linux)
  int stdout_fd = -1;          // becomes the child's stdout; -1: inherited
  int stderr_fd = -1;          // becomes the child's stderr; -1: inherited
  int wait_fd =
      -1;  // the child waits until this pipe ends before it executes, so that it can be traced; -1: at once
  int gate_fd = -1;          // the pipe's other end, which the child must not hold
  int* report_fd = nullptr;  // with wait_fd: gets the descriptor that check_executed wants
};

// fork + exec. A script without "#!" is run by sh. Throws Error with a shell's code, 126 or 127, when the
// program cannot be executed.
pid_t spawn(const ChildSetup& setup);
// For a child that waited: throws as spawn when it could not execute. Waits until it has executed or ended.
void check_executed(const ChildSetup& setup, int report_fd);
// Replaces this process. Throws as spawn when that fails.
[[noreturn]] void execute(const ChildSetup& setup);

// A file without a name, in memory where the system can; its descriptor is inherited over exec.
int memory_file(const char* name);
void write_all(int fd, const std::string& text);
std::string read_from_start(int fd);
void close_on_exec(int fd);

}  // namespace runner::runtime
