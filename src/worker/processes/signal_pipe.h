#pragma once
// Signals as bytes in a pipe, for loops that poll. One at a time in a process.

#include <vector>

namespace runner::runtime {

class SignalPipe {
 public:
  // Catches `signals` until destroyed. One that is ignored stays ignored if listed in `unless_ignored`
  // (nohup).
  SignalPipe(const std::vector<int>& signals, const std::vector<int>& unless_ignored);
  ~SignalPipe();
  SignalPipe(const SignalPipe&) = delete;
  SignalPipe& operator=(const SignalPipe&) = delete;

  int fd() const { return read_end_; }

  struct Event {
    int signal = 0;
    bool from_kernel = false;  // the terminal sent it to the whole foreground group
  };
  std::vector<Event> take();  // what has arrived; never waits

 private:
  int read_end_ = -1, write_end_ = -1;
  struct Saved;
  std::vector<Saved> saved_;
};

}  // namespace runner::runtime
