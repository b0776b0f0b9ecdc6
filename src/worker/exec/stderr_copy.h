#pragma once
// A program's stderr: passed through as it comes, its end remembered.

#include <string>

namespace runner::runtime {

class StderrCopy {
 public:
  // A pipe, or a pseudo terminal where stderr is a terminal, so that the program still sees one.
  StderrCopy();
  ~StderrCopy();
  StderrCopy(const StderrCopy&) = delete;
  StderrCopy& operator=(const StderrCopy&) = delete;

  int program_end() const { return program_end_; }  // becomes the program's stderr
  void close_program_end();                         // in this process, once the program has started
  int fd() const { return own_end_; }               // to poll; -1 after its end
  // Passes on what is there, without waiting. Returns what came.
  std::string pump();
  void copy_window_size() const;  // after SIGWINCH

  const std::string& last() const { return last_; }  // at most the last 64 KiB

 private:
  int program_end_ = -1, own_end_ = -1;
  bool terminal_ = false;
  std::string last_;
};

}  // namespace runner::runtime
