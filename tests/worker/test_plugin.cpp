// A job that does what its config_with_origins says, a JSON object: works, fails in every documented way,
// crashes, hangs.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <thread>

#include "base/error.h"
#include "base/signals.h"
#include "base/status.h"
#include "contract/job.h"

namespace {

using runner::JobContext;
using runner::JobResult;
using runner::Json;

Json environment_of(const Json& names) {
  Json values = Json::object();
  for (const auto& name : names) {
    const char* value = std::getenv(name.get<std::string>().c_str());
    values[name.get<std::string>()] = value == nullptr ? Json() : Json(value);
  }
  return values;
}

void note_pid(const Json& arguments) {
  if (!arguments.contains("pid_file")) return;
  const std::string path = arguments["pid_file"];
  std::ofstream(path + ".part") << ::getpid() << "\n";
  std::filesystem::rename(path + ".part", path);
}

// As UCX does in a library that libtorch loads.
__attribute__((constructor)) void take_the_hangup() {
  std::signal(SIGHUP, [](int) {});
}

// Steps until a stop signal, like a training loop.
void run_until_stopped() {
  for (int step = 0; runner::stop_signal() == 0; ++step) {
    runner::status::set_step(step);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  throw runner::Interrupted(runner::stop_signal(), "stopped, state saved");
}

[[noreturn]] void hang() {
  std::thread other([] {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
  });
  std::atomic<long> count{0};
  while (true) ++count;
}

// A mapped input file loses its end.
void read_behind_the_end(const std::string& path) {
  std::ofstream(path) << std::string(100000, 'x');
  const int fd = ::open(path.c_str(), O_RDWR);
  const auto* at = static_cast<const volatile char*>(::mmap(nullptr, 100000, PROT_READ, MAP_SHARED, fd, 0));
  if (::ftruncate(fd, 0) == 0) static_cast<void>(at[50000]);
}

void crash_until_resumed(const JobContext& context, JobResult& result) {
  if (context.arguments.resume != "auto") std::raise(SIGSEGV);
  result.result["resumed_in"] = context.arguments.output;
}

// A crash as users have it, under a sanitizer too.
__attribute__((no_sanitize("undefined"))) void write_to_null() {
  *static_cast<volatile int*>(nullptr) = 1;
}

void run(const JobContext& context, JobResult& result) {
  const Json arguments = Json::parse(context.config_with_origins);
  const std::string what = arguments.value("do", "report");
  runner::status::set_phase("test " + what);
  if (arguments.contains("folder")) runner::status::set_output(arguments["folder"]);
  note_pid(arguments);
  if (what == "steps") run_until_stopped();
  if (what == "hang") hang();
  if (what == "kill") std::raise(arguments.value("signal", SIGABRT));
  if (what == "exit") std::exit(arguments.value("code", 1));
  if (what == "_exit") ::_exit(arguments.value("code", 1));
  if (what == "crash at exit") std::atexit([] { std::raise(SIGSEGV); });
  if (what == "crash") {
    runner::status::set_step(12);
    write_to_null();
  }
  if (what == "shrink") read_behind_the_end(arguments["input"]);
  if (arguments.contains("input"))
    runner::status::set_input(arguments["input"], static_cast<runner::InputUse>(arguments.value("use", 0)));
  if (what == "crash_input") write_to_null();
  if (what == "crash_once") return crash_until_resumed(context, result);
  if (what == "data error") throw runner::DataError("row 3 is not finite", "x.npz: vectors");
  if (what == "out of memory") throw std::bad_alloc();
  if (what == "unknown") throw 42;
  if (what == "torch error") throw std::runtime_error("bad shape\nException raised from foo at bar.cpp:1");
  if (what == "gate") result.exit_code = 5;
  const std::string part = context.arguments.part.empty() ? "both" : context.arguments.part;
  result.result["part"] = part;
  result.result["parts"] = Json::array({part});
  result.result["environment"] = environment_of(arguments.value("environment", Json::array()));
  result.result["launch"] = context.launch;
  result.result["config"] = context.config;
  result.summary = "test: passed\npart " + part;
}

}  // namespace

extern "C" void runner_plugin_run(const JobContext& context, JobResult& result) {
  run(context, result);
}
