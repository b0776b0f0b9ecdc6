#pragma once
// Two real copies of LLVM's libomp, each needed by a library of its own, and a program that loads both.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace scan_test {

struct RealCopies {
  std::filesystem::path one, two;    // the copies: libomp.so.5, and the same under another soname
  std::filesystem::path liba, libb;  // need the first and the second
  std::filesystem::path host;        // host LIBRARY...: loads each and calls into it; with --wait stays
  std::string missing;               // "" or why they cannot be made here
};
// Made once below `folder` with cc and patchelf.
RealCopies make_real_copies(const std::filesystem::path& folder);

struct Outcome {
  int exit_code = 0;   // 128 + n for signal n, as a shell says it
  std::string output;  // stdout and stderr
};
// Runs a program with `environment` added to this one's; KMP_DUPLICATE_LIB_OK is never inherited.
Outcome run(const std::vector<std::string>& command, const std::vector<std::string>& environment = {});

// A program that goes on until stop(); returns once it has printed "ready".
class Background {
 public:
  Background(const std::vector<std::string>& command, const std::vector<std::string>& environment);
  ~Background();
  pid_t pid() const { return pid_; }
  bool ready() const { return ready_; }

 private:
  pid_t pid_ = -1;
  bool ready_ = false;
};

}  // namespace scan_test
