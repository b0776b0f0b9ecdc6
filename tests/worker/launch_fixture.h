#pragma once
// Runs the test host and gathers what it prints.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/json.h"

namespace runner::runtime {

struct HostRun {
  int code = -1;  // exit code; 128 + n when the host itself died by signal n
  std::string out, err;
  Json last_line() const;  // of stdout, as JSON
};

// A host process that runs beside the test.
class Host {
 public:
  // `prefix`: environment assignments as env takes them, "OMP_DYNAMIC=TRUE". The request goes to its stdin.
  explicit Host(const Json& request, const std::string& prefix = "",
                const std::filesystem::path& program = RUNNER_BUILD_DIR "/tests/worker_host");
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  void signal(int number) const;
  HostRun wait();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  std::filesystem::path in_, out_, err_;
};

inline HostRun run_host(const Json& request, const std::string& prefix = "") {
  return Host(request, prefix).wait();
}

// A folder that goes away with the test.
class LaunchTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  std::filesystem::path folder_;
};

// Waits (at most 20 s) for a worker to write its process number; 0 when it does not.
pid_t wait_for_pid(const std::filesystem::path& file);
// True when the process is gone (or a zombie) within 5 s.
bool ends_soon(pid_t pid);

}  // namespace runner::runtime
