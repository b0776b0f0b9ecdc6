#pragma once
// What the worker is doing right now, in a page shared with the launcher, so that the launcher can tell it
// after a crash (which phase, which step, what was loaded) and notice a stall. Writing costs a few stores.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace runner {

// What is done with an input file's bytes, which decides what it can be the fault of.
enum class InputUse : int {
  mapped,   // by us: a SIGBUS
  parsed,   // by a library, after its structure was checked: any fault, though not the likeliest cause
  trusted,  // by a library, unchecked: any fault, and a stall
};

struct StatusPage {
  static constexpr std::size_t phase_capacity = 128;
  static constexpr std::size_t path_capacity = 4096;
  static constexpr std::size_t text_capacity = std::size_t{64} * 1024;
  std::atomic<std::uint64_t> beats;   // grows with every sign of progress
  std::atomic<std::int64_t> step;     // -1: none yet
  std::atomic<std::uint64_t> stacks;  // thread stacks that the worker has written on request
  std::atomic<int> crash;             // 0: none; 1: a fatal signal waits to be looked at; 2: it has been
  char phase[phase_capacity];         // NUL-terminated: "read data", "train epoch 3", "validate"
  char output[path_capacity];         // folder whose manifest.json tells the outcome; "": none yet
  char input[path_capacity];          // file that memory is mapped to, or that a library reads; "": none
  std::atomic<InputUse> input_use;
  char libraries[text_capacity];  // JSON: OpenMP runtimes and BLAS found after loading
};

namespace status {

// Creates the page in a memory file; returns its descriptor (inherited over exec). Launcher side.
int create();
// Maps the page behind a descriptor; the process's writes go there from now on. Without one they go nowhere.
void attach(int fd);
const StatusPage& page();

void set_phase(const std::string& phase);
void set_step(std::int64_t step);
void beat();  // progress within a phase that has no steps
void set_libraries(const std::string& json);
// The run's folder, as soon as it exists: after a crash the launcher writes the outcome into its
// manifest.json, and a restarted worker gets it as arguments["output"].
void set_output(const std::string& folder);
// The file that a death would be the fault of, until the next call. "": none.
void set_input(const std::string& file, InputUse use);
// From the handler of a fatal signal: asks the launcher, who must have a handler for SIGUSR1, to look at this
// process, and waits for at most five seconds until it has. Async-signal-safe.
void wait_for_a_look();
void looked_at();    // launcher: the answer
void count_stack();  // one thread's stack is written; async-signal-safe

}  // namespace status
}  // namespace runner
