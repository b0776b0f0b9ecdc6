#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

// Started by this test and ended by its own process number.
class CronDaemon {
 public:
  CronDaemon() {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execlp("cron", "cron", "-f", nullptr);
      ::_exit(127);
    }
  }
  ~CronDaemon() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    std::filesystem::remove("/run/crond.pid");  // which it leaves behind
  }

 private:
  pid_t pid_;
};

bool cron_runs() {
  pid_t pid = 0;
  std::ifstream("/run/crond.pid") >> pid;
  return pid > 0 && ::kill(pid, 0) == 0;
}

// Puts root's crontab back as it was.
class KeptCrontab {
 public:
  KeptCrontab() : before_(run_program({"crontab", "-l"})) {}
  ~KeptCrontab() {
    if (before_.exit_code != 0) {
      run_program({"crontab", "-r"});
      return;
    }
    TemporaryFolder folder;
    run_program({"crontab", folder.write("tab", before_.out).string()});
  }

 private:
  ProgramResult before_;
};

// Debian's cron, really: within 75 s it starts the job of `* * * * *`, whose failure is then on record.
TEST(ScheduleByCron, ARealCronRunsTheJobAndItsFailureIsShown) {
  if (::geteuid() != 0) GTEST_SKIP() << "starting cron needs root";
  if (::access("/usr/sbin/cron", X_OK) != 0) GTEST_SKIP() << "Debian's cron is not installed";
  if (cron_runs()) GTEST_SKIP() << "this machine has a cron running";
  TemporaryFolder folder;
  folder.write("broken.npy", "not an array");
  folder.write("100% nightly.yaml", "job: index\ninput: {vectors: broken.npy}\noutput: out.index\n");
  const ProgramOptions options{
      folder.path().string(),
      {{"XDG_STATE_HOME", (folder / "state").string()}, {"RUNNER_CACHE_DIR", (folder / "cache").string()}}};
  const KeptCrontab kept;
  const std::string config = "100% nightly.yaml";
  const ProgramResult installed =
      run_runner({"schedule", "install", config, "--at", "* * * * *", "--with", "cron"}, options);
  ASSERT_EQ(installed.exit_code, 0) << installed.err;
  Json last;
  {
    const CronDaemon cron;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(75);
    while (std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      const ProgramResult status = run_runner({"schedule", "status", config, "--json"}, options);
      last = Json::parse(status.out, nullptr, false)["last_run"];
      if (last.is_object() && last["outcome"] != "running") break;
    }
  }
  ASSERT_TRUE(last.is_object()) << "cron did not start the job";
  EXPECT_EQ(last["outcome"], "failed");
  EXPECT_EQ(last["exit_code"], 3);
  EXPECT_EQ(run_runner({"schedule", "remove", config}, options).exit_code, 0);
}

}  // namespace
}  // namespace runner::test
