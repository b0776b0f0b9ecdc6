#pragma once
// The one hierarchy of errors. Each carries the exit code it leads to; main() maps it and nothing else does.

#include <stdexcept>
#include <string>

namespace runner {

// Documented in README.md, "Exit codes". 128+n (a worker killed by signal n) is the launcher's alone.
enum class ExitCode : int {
  done = 0,
  failed = 1,       // the run itself failed: disk full, out of memory
  usage = 2,        // command line or config
  data = 3,         // an input file's contents
  environment = 4,  // libraries, OpenMP policy, device
  gate = 5,         // a quality gate failed: files stay, an index is not published
  interrupted = 130,
  terminated = 143,
};

// `place` names where: "file:line:col", "file: array vectors, row 17", "--epochs". May be empty.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, std::string place, const std::string& message)
      : std::runtime_error(message), code_(code), place_(std::move(place)) {}
  ExitCode code() const { return code_; }
  const std::string& place() const { return place_; }
  // "place: message", or the message alone.
  std::string line() const;

 private:
  ExitCode code_;
  std::string place_;
};

class RunError : public Error {
 public:
  explicit RunError(const std::string& message, std::string place = "")
      : Error(ExitCode::failed, std::move(place), message) {}
};

class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message, std::string place = "")
      : Error(ExitCode::usage, std::move(place), message) {}
};

class DataError : public Error {
 public:
  explicit DataError(const std::string& message, std::string place = "")
      : Error(ExitCode::data, std::move(place), message) {}
};

class EnvironmentError : public Error {
 public:
  explicit EnvironmentError(const std::string& message, std::string place = "")
      : Error(ExitCode::environment, std::move(place), message) {}
};

class GateError : public Error {
 public:
  explicit GateError(const std::string& message, std::string place = "")
      : Error(ExitCode::gate, std::move(place), message) {}
};

// SIGINT or SIGTERM was taken and the work saved.
class Interrupted : public Error {
 public:
  Interrupted(int signal, const std::string& message)
      : Error(static_cast<ExitCode>(128 + signal), "", message) {}
};

// RunError for a failed system call: "PATH: cannot write: No space left on device (errno 28)".
[[noreturn]] void throw_errno(const std::string& what, const std::string& place);

}  // namespace runner
