#include "worker/launch_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace runner::runtime {
namespace {

namespace fs = std::filesystem;

fs::path temporary(const std::string& name) {
  std::string path = (fs::temp_directory_path() / ("runner_" + name + "_XXXXXX")).string();
  const int fd = ::mkstemp(path.data());
  ::close(fd);
  return path;
}

std::string contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

template <class Condition>
bool within(std::chrono::milliseconds limit, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace

Json HostRun::last_line() const {
  std::istringstream in(out);
  std::string line, last;
  while (std::getline(in, line)) last = line;
  return Json::parse(last, nullptr, false);
}

Host::Host(const Json& request, const std::string& prefix, const fs::path& program)
    : in_(temporary("in")), out_(temporary("out")), err_(temporary("err")) {
  std::ofstream(in_) << request.dump();
  const std::string command = "exec env " + prefix + " NO_COLOR=1 " + program.string() + " <" + in_.string() +
                              " >" + out_.string() + " 2>" + err_.string();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
}

Host::~Host() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  fs::remove(in_);
  fs::remove(out_);
  fs::remove(err_);
}

void Host::signal(int number) const {
  ::kill(pid_, number);
}

HostRun Host::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  HostRun run;
  run.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  run.out = contents(out_);
  run.err = contents(err_);
  return run;
}

void LaunchTest::SetUp() {
  folder_ = temporary("folder");
  fs::remove(folder_);
  fs::create_directory(folder_);
}

void LaunchTest::TearDown() {
  fs::remove_all(folder_);
}

pid_t wait_for_pid(const fs::path& file) {
  if (!within(std::chrono::seconds(20), [&] { return fs::exists(file); })) return 0;
  return static_cast<pid_t>(std::atol(contents(file).c_str()));
}

bool ends_soon(pid_t pid) {
  return within(std::chrono::seconds(5), [pid] {
    const std::string stat = contents("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t end = stat.rfind(')');
    return end == std::string::npos || stat[end + 2] == 'Z';
  });
}

}  // namespace runner::runtime
