// Signals, crashes, restarts and stalls of a real worker process.
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/status.h"
#include "worker/launch_fixture.h"

namespace runner::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

class Supervisor : public LaunchTest {
 protected:
  Json request(const std::string& what, Json more = Json::object()) const {
    Json r{{"json", true},
           {"arguments",
            {{"do", what}, {"folder", folder_.string()}, {"pid_file", (folder_ / "pid").string()}}}};
    r.merge_patch(more);
    return r;
  }
  Json manifest() const {
    std::ifstream in(folder_ / "manifest.json");
    return Json::parse(in, nullptr, false);
  }
};

TEST_F(Supervisor, PassesSigintOnOnceAndReturns130) {
  Host host(request("steps"));
  ASSERT_GT(wait_for_pid(folder_ / "pid"), 0);
  host.signal(SIGINT);
  const HostRun run = host.wait();
  EXPECT_EQ(run.code, 130) << run.err;
  EXPECT_THAT(run.err, HasSubstr("stopped, state saved"));
  EXPECT_EQ(run.last_line()["error"]["code"], 130);
}

TEST_F(Supervisor, PassesSigtermOnAndReturns143) {
  Host host(request("steps"));
  ASSERT_GT(wait_for_pid(folder_ / "pid"), 0);
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait().code, 143);
}

TEST_F(Supervisor, TreatsAHangupAsSigterm) {
  Host host(request("steps"));
  ASSERT_GT(wait_for_pid(folder_ / "pid"), 0);
  host.signal(SIGHUP);
  EXPECT_EQ(host.wait().code, 143);
}

TEST_F(Supervisor, AWorkerHearsAHangupThoughItsLibraryHasTakenIt) {
  Host host(request("steps"));
  const pid_t worker = wait_for_pid(folder_ / "pid");
  ASSERT_GT(worker, 0);
  ASSERT_EQ(::kill(worker, SIGHUP), 0);
  const HostRun run = host.wait();
  EXPECT_EQ(run.code, 143) << run.err;
  EXPECT_THAT(run.err, HasSubstr("stopped, state saved"));
}

TEST_F(Supervisor, ASecondSignalEndsAWorkerThatDoesNotStop) {
  Host host(request("hang"));
  const pid_t worker = wait_for_pid(folder_ / "pid");
  ASSERT_GT(worker, 0);
  host.signal(SIGINT);
  ::usleep(1100000);  // sooner it would be the same request
  EXPECT_EQ(::kill(worker, 0), 0);
  host.signal(SIGINT);
  EXPECT_EQ(host.wait().code, 130);
  EXPECT_TRUE(ends_soon(worker));
}

TEST_F(Supervisor, TheWorkerDiesWithItsLauncher) {
  Host host(request("steps"));
  const pid_t worker = wait_for_pid(folder_ / "pid");
  ASSERT_GT(worker, 0);
  host.signal(SIGKILL);
  host.wait();
  EXPECT_TRUE(ends_soon(worker));
}

TEST_F(Supervisor, ExplainsACrash) {
  const HostRun run = run_host(request("crash"));
  EXPECT_EQ(run.code, 139);
  EXPECT_THAT(run.err,
              HasSubstr("killed by SIGSEGV (invalid memory access) in phase \"test crash\", step 12"));
  EXPECT_THAT(run.err, HasSubstr("OpenMP runtimes and BLAS loaded:"));
  EXPECT_THAT(run.err, HasSubstr("librunner_test_plugin.so"));  // the stack of the thread that crashed
  EXPECT_THAT(run.err, HasSubstr("what to try:"));
  EXPECT_EQ(run.last_line()["error"]["code"], 139);
}

TEST_F(Supervisor, ADeathByAnInputFileIsADataErrorThatNamesIt) {
  const std::string input = folder_ / "x.index";
  const auto doing = [&](const std::string& what, Json more) {
    more["input"] = input;
    return run_host(request(what, {{"restarts", 1}, {"arguments", more}}));
  };
  for (const auto& [what, use] :
       {std::pair{"shrink", InputUse::mapped}, std::pair{"crash_input", InputUse::trusted},
        std::pair{"crash_input", InputUse::parsed}}) {
    const HostRun run = doing(what, {{"use", static_cast<int>(use)}});
    EXPECT_EQ(run.code, 3) << what << run.err;
    EXPECT_THAT(run.err, HasSubstr(input)) << what;
    EXPECT_EQ(run.last_line()["error"]["code"], 3) << what;
  }
  EXPECT_EQ(doing("crash_input", {{"use", static_cast<int>(InputUse::mapped)}}).code, 139);
}

TEST_F(Supervisor, WritesTheCrashIntoTheRunsManifest) {
  std::ofstream(folder_ / "manifest.json") << R"({"outcome": "running", "seed": 42})";
  run_host(request("crash"));
  const Json m = manifest();
  EXPECT_EQ(m["outcome"], "crashed");
  EXPECT_EQ(m["seed"], 42);
  EXPECT_EQ(m["crash"]["signal"], SIGSEGV);
  EXPECT_EQ(m["crash"]["step"], 12);
}

TEST_F(Supervisor, ExplainsAKillFromOutside) {
  const HostRun run = run_host(request("kill", {{"arguments", {{"signal", SIGKILL}}}}));
  EXPECT_EQ(run.code, 137);
  EXPECT_THAT(run.err, HasSubstr("memory ran out"));
  EXPECT_EQ(manifest()["outcome"], "crashed");
}

// libgomp does that when it gets no memory, OpenBLAS when it gets no threads.
TEST_F(Supervisor, SaysThatALibraryEndedTheWorker) {
  for (const char* way : {"exit", "_exit"})
    for (const int code : {0, 1, 7}) {
      std::ofstream(folder_ / "manifest.json") << R"({"outcome": "running"})";
      const HostRun run = run_host(request(way, {{"arguments", {{"code", code}}}}));
      EXPECT_EQ(run.code, code == 0 ? 1 : code) << "what has not been done is no success";
      EXPECT_THAT(run.err,
                  HasSubstr("ended with exit code " + std::to_string(code) + " in phase \"test " + way));
      EXPECT_EQ(run.last_line()["error"]["code"], code == 0 ? 1 : code) << run.out;
      EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1) << run.out;
      EXPECT_EQ(manifest()["outcome"], "crashed");
    }
}

TEST_F(Supervisor, AWorkerThatHasGivenItsResultMayCrashAtItsEnd) {
  const HostRun run = run_host(request("crash at exit"));
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1) << run.out;
  EXPECT_TRUE(run.last_line().contains("parts")) << run.out;
  EXPECT_THAT(run.err, HasSubstr("what it wrote is complete"));
}

TEST_F(Supervisor, RestartsACrashedWorkerWhereItWas) {
  const HostRun run = run_host(request("crash_once", {{"restarts", 1}}));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.last_line()["resumed_in"], folder_.string());
  EXPECT_THAT(run.err, HasSubstr("starting again from the last checkpoint"));
}

TEST_F(Supervisor, RestartsOnlyAsOftenAsAllowed) {
  const HostRun run = run_host(request("crash", {{"restarts", 2}}));
  EXPECT_EQ(run.code, 139);
  std::size_t count = 0;
  for (std::size_t at = run.err.find("starting again"); at != std::string::npos;
       at = run.err.find("starting again", at + 1))
    ++count;
  EXPECT_EQ(count, 2U);
}

TEST_F(Supervisor, DoesNotRestartAFailure) {
  const HostRun run = run_host(request("data error", {{"restarts", 3}}));
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err, Not(HasSubstr("starting again")));
}

TEST_F(Supervisor, StopsAStalledWorkerAndShowsItsThreads) {
  const HostRun run = run_host(request("hang", {{"stall_timeout", 0.5}}));
  EXPECT_EQ(run.code, 137);
  EXPECT_THAT(run.err, HasSubstr("made no progress for 0.5 s in phase \"test hang\""));
  EXPECT_THAT(run.err, HasSubstr("running"));
  EXPECT_THAT(run.err, HasSubstr("librunner_test_plugin.so: "));
  EXPECT_THAT(run.err, HasSubstr("nanosleep"));  // the other thread
  EXPECT_THAT(run.err, HasSubstr("environment.stall_timeout"));
  EXPECT_EQ(manifest()["outcome"], "stalled");
}

TEST_F(Supervisor, ProgressKeepsTheStallTimerFromRunningOut) {
  Host host(request("steps", {{"stall_timeout", 0.5}}));
  ASSERT_GT(wait_for_pid(folder_ / "pid"), 0);
  ::usleep(1500000);
  host.signal(SIGINT);
  EXPECT_EQ(host.wait().code, 130);
}

TEST_F(Supervisor, ASuspendedWorkerIsNoStall) {
  Host host(request("steps", {{"stall_timeout", 0.5}}));
  const pid_t worker = wait_for_pid(folder_ / "pid");
  ASSERT_GT(worker, 0);
  ::kill(worker, SIGSTOP);
  ::usleep(1500000);
  ::kill(worker, SIGCONT);
  ::usleep(200000);
  host.signal(SIGINT);
  EXPECT_EQ(host.wait().code, 130);
}

}  // namespace
}  // namespace runner::runtime
