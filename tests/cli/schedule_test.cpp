#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "base/file_lock.h"
#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
using ::testing::HasSubstr;

// The real program with a home and a crontab of its own: `crontab` is a script that keeps a file.
class Schedule : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("bin/crontab",
                  "#!/bin/sh\nf='" + (folder_ / "tab").string() +
                      "'\ncase $1 in\n"
                      "-l) [ -f \"$f\" ] && cat \"$f\" || { echo no crontab for you >&2; exit 1; } ;;\n"
                      "-r) rm -f \"$f\" ;;\n-) cat > \"$f\" ;;\nesac\n");
    std::filesystem::permissions(folder_ / "bin/crontab", std::filesystem::perms::owner_all);
    options_.folder = folder_.path().string();
    options_.environment = {{"PATH", (folder_ / "bin").string() + ":" + std::getenv("PATH")},
                            {"HOME", folder_.path().string()},
                            {"XDG_STATE_HOME", (folder_ / "state").string()},
                            {"RUNNER_CACHE_DIR", (folder_ / "cache").string()}};
    // Quick, and fails with 3: the file it reads is none.
    folder_.write("broken.npy", "not an array");
    config_ = folder_.write("nightly.yaml", "job: index\ninput: {vectors: broken.npy}\noutput: out.index\n");
  }

  ProgramResult schedule(std::vector<std::string> words) {
    words.insert(words.begin(), "schedule");
    return run_runner(words, options_);
  }
  ProgramResult install(const std::string& at) {
    return schedule({"install", "nightly.yaml", "--at", at, "--with", "cron"});
  }
  Json status() {
    const ProgramResult result = schedule({"status", "nightly.yaml", "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out, nullptr, false);
  }

  TemporaryFolder folder_;
  std::filesystem::path config_;
  ProgramOptions options_;
};

TEST_F(Schedule, InstallsOneLineHoweverOftenAndRemovesOnlyIt) {
  folder_.write("tab", "# mine\n5 5 * * * /bin/true\n");
  ASSERT_EQ(install("hourly").exit_code, 0);
  ASSERT_EQ(install("daily 03:00").exit_code, 0);
  const std::string tab = file_contents(folder_ / "tab");
  EXPECT_THAT(tab, testing::StartsWith("# mine\n5 5 * * * /bin/true\n0 3 * * * cd "));
  EXPECT_EQ(std::count(tab.begin(), tab.end(), '\n'), 3) << tab;
  EXPECT_THAT(tab, HasSubstr(config_.string()));
  const ProgramResult list = schedule({"list"});
  EXPECT_THAT(list.out, HasSubstr("daily 03:00"));
  EXPECT_THAT(list.out, HasSubstr("does not catch up"));
  const ProgramResult removed = schedule({"remove", "nightly.yaml"});
  EXPECT_EQ(removed.exit_code, 0) << removed.err;
  EXPECT_EQ(file_contents(folder_ / "tab"), "# mine\n5 5 * * * /bin/true\n");
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "state/runner/schedule"));
  EXPECT_EQ(schedule({"status", "nightly.yaml"}).exit_code, 2);
}

TEST_F(Schedule, InstallsAtTheSameMomentAllStay) {
  std::vector<std::thread> installs;
  for (int i = 0; i < 6; ++i) {
    const std::string name = "job" + std::to_string(i) + ".yaml";
    folder_.write(name, "job: index\ninput: {vectors: broken.npy}\noutput: " + name + ".index\n");
    installs.emplace_back([this, name] {
      const ProgramResult result = schedule({"install", name, "--at", "hourly", "--with", "cron"});
      EXPECT_EQ(result.exit_code, 0) << result.err;
    });
  }
  for (std::thread& install : installs) install.join();
  const std::string tab = file_contents(folder_ / "tab");
  for (int i = 0; i < 6; ++i) EXPECT_THAT(tab, HasSubstr("job" + std::to_string(i) + ".yaml"));
  EXPECT_EQ(std::count(tab.begin(), tab.end(), '\n'), 6) << tab;
}

// Also of a ${NAME} that is only spoken of in a comment.
TEST_F(Schedule, AValueOfTheEnvironmentWritesNoLineOfAUnit) {
  folder_.write("nightly.yaml", "job: index # ${NOTE}\ninput: {vectors: broken.npy}\noutput: out.index\n");
  options_.environment["NOTE"] = "x\nExecStartPre=/bin/touch /tmp/evil";
  const ProgramResult result =
      schedule({"install", "nightly.yaml", "--at", "hourly", "--with", "systemd", "--dry-run"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, ::testing::Not(HasSubstr("evil")));
  EXPECT_THAT(result.out, HasSubstr("ExecStart="));
}

TEST_F(Schedule, AConfigWhoseNameNoLineHoldsIsRefused) {
  for (const char* name : {"a\nb.yaml", "a\x1b[2J.yaml", "a\\"}) {
    std::filesystem::copy(config_, folder_ / name);
    const ProgramResult result =
        schedule({"install", std::string("./") + name, "--at", "hourly", "--with", "cron"});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr("takes no path with a control character"));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_EQ(result.err.find('\x1b'), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "tab"));
}

// What lies in their files is somebody's text.
TEST_F(Schedule, ADamagedRecordIsNamedAndHidesNoOther) {
  ASSERT_EQ(install("hourly").exit_code, 0);
  folder_.write("other.yaml", file_contents(config_));
  ASSERT_EQ(schedule({"install", "other.yaml", "--at", "hourly", "--with", "cron"}).exit_code, 0);
  const std::filesystem::path state = status()["state"].get<std::string>();
  for (const std::string& text :
       {std::string("[1]"), std::string(300000, '['), std::string("{"),
        std::string(R"({"outcome": null, "ended": 3, "pid": "x", "exit_code": []})")}) {
    folder_.write("state/runner/schedule/" + state.filename().string() + "/last_run.json", text);
    EXPECT_EQ(status()["last_run"]["outcome"], "unknown");
  }
  for (const std::string& text :
       {std::string("[1]"), std::string(300000, '['), std::string(R"({"id": 3})"), std::string("{"),
        std::string(R"({"id": "x", "scheduler": "cron", "environment": {"A": 1}})")}) {
    folder_.write("state/runner/schedule/" + state.filename().string() + "/schedule.json", text);
    const ProgramResult list = schedule({"list"});
    EXPECT_EQ(list.exit_code, 0) << list.err;
    EXPECT_THAT(list.out, HasSubstr("other.yaml"));
    EXPECT_THAT(list.err, HasSubstr("install the schedule again"));
    EXPECT_THAT(list.err, ::testing::Not(HasSubstr("json.exception")));
  }
  EXPECT_EQ(install("hourly").exit_code, 0) << "which is the way out";
  EXPECT_EQ(status()["when"], "hourly");
}

TEST_F(Schedule, AFailureStaysVisibleWithItsExitCodeAndLog) {
  ASSERT_EQ(install("hourly").exit_code, 0);
  EXPECT_TRUE(status()["last_run"].is_null());
  const ProgramResult run = schedule({"start", "nightly.yaml"});
  EXPECT_EQ(run.exit_code, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr("broken.npy"));
  const Json last = status()["last_run"];
  EXPECT_EQ(last["outcome"], "failed");
  EXPECT_EQ(last["exit_code"], 3);
  EXPECT_THAT(file_contents(last["log"].get<std::string>()), HasSubstr("broken.npy"));
  EXPECT_THAT(schedule({"list"}).out, HasSubstr("failed"));
}

TEST_F(Schedule, ASecondStartLeavesWhileOneRuns) {
  ASSERT_EQ(install("hourly").exit_code, 0);
  const auto lock = FileLock::wait(status()["state"].get<std::string>() + "/lock");
  const ProgramResult second = schedule({"start", "nightly.yaml"});
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_THAT(second.err, HasSubstr("is still going"));
  EXPECT_TRUE(status()["last_run"].is_null());
}

// A run that goes on until it is ended: it waits for a rebuild that holds the index's lock.
class ScheduleThatWaits : public Schedule {
 protected:
  void install_waiting(const std::string& timeout) {
    const ProgramResult result =
        schedule({"install", "nightly.yaml", "--at", "hourly", "--with", "cron", "--timeout", timeout});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  // Starts it, sends the signal to its watcher as soon as the run has begun, and returns how it ended.
  ProgramResult start_and_signal(int signal) {
    ProgramResult result;
    std::thread run([&] { result = schedule({"start", "nightly.yaml"}); });
    const std::filesystem::path state = status()["state"].get<std::string>();
    Json last;
    // A lost run's record says "running" too: wait for this one's.
    while (!last.is_object() || last.value("outcome", "") != "running" || last.value("pid", 0) == signalled_)
      last = Json::parse(file_contents(state / "last_run.json"), nullptr, false);
    while (file_contents(last["log"].get<std::string>()).find("waiting for it") == std::string::npos)
      std::this_thread::yield();
    signalled_ = last["pid"].get<int>();
    ::kill(signalled_, signal);
    run.join();
    return result;
  }
  int signalled_ = 0;  // the watcher of the run before
  FileLock other_rebuild_ = FileLock::wait(folder_ / "out.index.lock");
};

TEST_F(ScheduleThatWaits, ARunOverItsLimitIsStoppedAndSaidToHaveTimedOut) {
  install_waiting("1s");
  const ProgramResult run = schedule({"start", "nightly.yaml"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.err, HasSubstr("timed out"));
  EXPECT_EQ(status()["last_run"]["outcome"], "timed out");
}

TEST_F(ScheduleThatWaits, ARunThatTheSchedulerStopsIsOnRecordAsStopped) {
  install_waiting("1h");
  EXPECT_EQ(start_and_signal(SIGTERM).exit_code, 143);
  EXPECT_EQ(status()["last_run"]["outcome"], "stopped");
}

TEST_F(ScheduleThatWaits, ARunWhoseWatcherWasKilledIsLostAndTheNextOneStarts) {
  install_waiting("1h");
  EXPECT_EQ(start_and_signal(SIGKILL).exit_code, 128 + SIGKILL);
  EXPECT_EQ(status()["last_run"]["outcome"], "lost");
  EXPECT_EQ(start_and_signal(SIGTERM).exit_code, 143);
}

TEST_F(Schedule, WrongTimesAndConfigsAreRefusedWithNothingInstalled) {
  const ProgramResult when = install("whenever");
  EXPECT_EQ(when.exit_code, 2);
  EXPECT_THAT(when.err, HasSubstr("daily HH:MM"));
  EXPECT_EQ(schedule({"install", "absent.yaml", "--at", "hourly"}).exit_code, 2);
  folder_.write("nightly.yaml", "job: index\nnonsense: 1\n");
  EXPECT_EQ(install("hourly").exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "tab"));
}

TEST_F(Schedule, DryRunPrintsUnitsAndInstallsNothing) {
  const ProgramResult result =
      schedule({"install", "nightly.yaml", "--at", "hourly", "--with", "systemd", "--dry-run"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("OnCalendar=*-*-* *:00:00"));
  EXPECT_THAT(result.out, HasSubstr("KMP_DUPLICATE_LIB_OK=TRUE"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / ".config"));
}

}  // namespace
}  // namespace runner::test
