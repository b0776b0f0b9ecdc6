// runner exec and runner env, as a user calls them.
#include <csignal>
#include <fstream>

#include "openmp_scan/real_copies.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "worker/launch_fixture.h"

namespace runner::runtime {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using test::run_program;
using testing::HasSubstr;
using testing::Not;

const std::string runner_program = RUNNER_BUILD_DIR "/runner";

ProgramResult exec(std::vector<std::string> command, test::ProgramOptions options = {}) {
  command.insert(command.begin(), {runner_program, "exec", "--"});
  options.environment.try_emplace("OPENBLAS_CORETYPE", "");  // a line more on some machines, where it is set
  return run_program(command, options);
}

TEST(Exec, KeepsExitCodeStdoutAndStderr) {
  const ProgramResult result = exec({"sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
}

TEST(Exec, PassesEveryByteOfALongStderr) {
  const ProgramResult result = exec({"sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x >&2"});
  EXPECT_EQ(result.err.size(), 300000U);
}

TEST(Exec, SetsTheBootstrap) {
  const ProgramResult result =
      exec({"printenv", "KMP_DUPLICATE_LIB_OK", "NUMBA_THREADING_LAYER", "OMP_DYNAMIC"},
           {"", {{"OMP_DYNAMIC", "TRUE"}, {"KMP_DUPLICATE_LIB_OK", ""}}});
  EXPECT_EQ(result.out, "TRUE\nworkqueue\nFALSE\n");
  EXPECT_THAT(result.err, HasSubstr("OMP_DYNAMIC=TRUE is replaced"));
}

TEST(Exec, NoPoolExceedsTheUsersThreadLimit) {
  const ProgramResult result =
      exec({"printenv", "OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"},
           {"", {{"OMP_THREAD_LIMIT", "1"}, {"OMP_NUM_THREADS", "2"}, {"OPENBLAS_NUM_THREADS", ""}}});
  EXPECT_EQ(result.out, "1\n1\n1\n");
  EXPECT_THAT(result.err, HasSubstr("OMP_NUM_THREADS=2 is replaced"));
}

TEST(Exec, LeavesTheProgramsOwnFlagsAlone) {
  EXPECT_EQ(exec({"echo", "--threads", "3", "--help", "--"}).out, "--threads 3 --help --\n");
}

TEST(Exec, ReturnsTheSignalThatKilledTheProgramWithoutGuessing) {
  const ProgramResult result = exec({"sh", "-c", "kill -ABRT $$"});
  EXPECT_EQ(result.exit_code, 134);
  EXPECT_THAT(result.err, testing::StartsWith("runner: sh: killed by SIGABRT"));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
}

TEST(Exec, PassesATerminationOn) {
  const ProgramResult result =
      run_program({"timeout", "--preserve-status", "--foreground", "1", runner_program, "exec", "--", "sh",
                   "-c", "trap 'echo caught; exit 3' TERM; while :; do sleep 0.1; done"});
  EXPECT_EQ(result.out, "caught\n");
  EXPECT_EQ(result.exit_code, 3);
}

TEST(Exec, ACommandThatIsNotThereIsNamed) {
  const ProgramResult result = exec({"no-such-command-here"});
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_THAT(result.err, HasSubstr("no-such-command-here: command not found"));
  EXPECT_EQ(exec({"/nonexistent/program"}).exit_code, 127);
  EXPECT_EQ(exec({""}).exit_code, 127);
  EXPECT_EQ(run_program({runner_program, "exec"}).exit_code, 2);
}

// As every shell does.
TEST(Exec, AScriptThatNamesNoInterpreterIsRunBySh) {
  const test::TemporaryFolder folder;
  const fs::path script = folder.write("script", "echo \"$0\" \"$1\"; exit 9\n");
  fs::permissions(script, fs::perms::owner_all);
  for (const std::vector<std::string>& flags : {std::vector<std::string>{}, {"--no-supervise"}}) {
    std::vector<std::string> command = {runner_program, "exec"};
    command.insert(command.end(), flags.begin(), flags.end());
    command.insert(command.end(), {"--", script.string(), "a b"});
    const ProgramResult result = run_program(command);
    EXPECT_EQ(result.exit_code, 9) << result.err;
    EXPECT_EQ(result.out, script.string() + " a b\n");
  }
  const fs::path empty = folder.write("empty", "");
  fs::permissions(empty, fs::perms::owner_all);
  EXPECT_EQ(exec({empty.string()}).exit_code, 0);
}

TEST(Exec, WhatCannotBeExecutedIsNamedWithTheReason) {
  const test::TemporaryFolder folder;
  std::string elf = test::file_contents("/bin/true");
  elf[18] = '\x32';  // e_machine: Itanium, which no emulator is registered for
  elf[19] = 0;
  std::string orphan = test::file_contents("/bin/true");
  const std::size_t loader = orphan.find("/lib64/ld-linux");
  if (loader != std::string::npos) orphan[loader + 1] = 'X';
  const struct {
    const char* name;
    std::string contents, reason;
  } cases[] = {{"orphan.sh", "#! /no/such/sh -e\necho\n", "its interpreter /no/such/sh is not there"},
               {"nul", std::string("\0\1\2\3", 4), "neither a program that this system knows nor a script"},
               {"itanium", elf, "a program for "},
               {"orphan", orphan, "its interpreter /Xib64/ld-linux"}};
  for (const auto& c : cases) {
    if (c.name == std::string("orphan") && loader == std::string::npos) continue;  // another machine's loader
    const fs::path file = folder.write(c.name, c.contents);
    fs::permissions(file, fs::perms::owner_all);
    const ProgramResult result = exec({file.string()});
    EXPECT_EQ(result.exit_code, 126) << c.name << result.err;
    EXPECT_THAT(result.err, HasSubstr("runner: " + file.string() + ": cannot execute: "));
    EXPECT_THAT(result.err, HasSubstr(c.reason)) << c.name;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
  const fs::path plain = folder.write("plain", "echo\n");
  EXPECT_EQ(exec({plain.string()}).exit_code, 126);
  EXPECT_THAT(exec({plain.string()}).err, HasSubstr("permission denied"));
  const ProgramResult a_folder = exec({folder.path().string()});
  EXPECT_EQ(a_folder.exit_code, 126);
  EXPECT_THAT(a_folder.err, HasSubstr("is a folder"));
}

TEST(Exec, ALimitThatKillsIsNamed) {
  const test::TemporaryFolder folder;
  const ProgramResult result = run_program(
      {"sh", "-c", "ulimit -f 100; exec \"$0\" exec -- sh -c 'exec head -c 1000000 /dev/zero > big'",
       runner_program},
      {folder.path().string(), {}});
  EXPECT_EQ(result.exit_code, 128 + SIGXFSZ);
  EXPECT_THAT(result.err, HasSubstr("killed by SIGXFSZ (file size limit); `ulimit -f` allows "));
}

// Python loads two copies of libomp, as `import torch, faiss` does with wheels on macOS.
class ExecPython : public LaunchTest {
 protected:
  void SetUp() override {
    LaunchTest::SetUp();
    copies_ = scan_test::make_real_copies(folder_);
    if (!copies_.missing.empty()) GTEST_SKIP() << copies_.missing;
    if (!fs::exists("/usr/bin/python3")) GTEST_SKIP() << "no python3";
    std::ofstream script(folder_ / "train.py");
    script << "import ctypes, os, sys\n"
              "if len(sys.argv) > 1: os.environ['KMP_DUPLICATE_LIB_OK'] = 'FALSE'\n"
           << "for path in ['" << copies_.liba.string() << "', '" << copies_.libb.string() << "']:\n"
           << "    print('computed', ctypes.CDLL(path).compute(), flush=True)\n";
  }
  scan_test::RealCopies copies_;
};

TEST_F(ExecPython, RunsUnderTheSeatBelt) {
  const ProgramResult result = exec({"/usr/bin/python3", folder_ / "train.py"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "computed 2\ncomputed 2\n");
}

TEST_F(ExecPython, AnAbortIsDiagnosedAfterTheProgramsOwnOutput) {
  const ProgramResult result = exec({"/usr/bin/python3", folder_ / "train.py", "--no-seat-belt"});
  EXPECT_EQ(result.exit_code, 134);
  EXPECT_EQ(result.out, "computed 2\n");
  const std::size_t own = result.err.find("OMP: Error #15"),
                    ours = result.err.find("runner: the program died");
  ASSERT_NE(own, std::string::npos) << result.err;
  ASSERT_NE(ours, std::string::npos) << result.err;
  EXPECT_LT(own, ours);
  const std::string diagnosis = result.err.substr(ours);
  EXPECT_THAT(diagnosis, HasSubstr("duplicate"));
  EXPECT_THAT(diagnosis, HasSubstr(copies_.one.string()));
  EXPECT_THAT(diagnosis, HasSubstr(copies_.two.string()));
  EXPECT_THAT(diagnosis, HasSubstr(copies_.libb.string()));  // who loaded it
}

TEST(Exec, AFlagThatIsNoneOfOursIsNoCommand) {
  const ProgramResult result = run_program({runner_program, "exec", "--theads", "4", "--", "true"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("unknown flag --theads"));
  EXPECT_EQ(run_program({runner_program, "exec", "--verbose", "--", "true"}).exit_code, 0);
}

TEST(Env, PrintsLinesThatAShellCanEvaluate) {
  const ProgramResult result = run_program(
      {"sh", "-c",
       "eval $(" + runner_program + " env --threads 1); echo $OMP_NUM_THREADS $KMP_DUPLICATE_LIB_OK"},
      {"", {{"KMP_DUPLICATE_LIB_OK", ""}, {"OMP_NUM_THREADS", ""}}});
  EXPECT_EQ(result.out, "1 TRUE\n") << result.err;
}

TEST(Env, PrintsLinesForANotebook) {
  if (!fs::exists("/usr/bin/python3")) GTEST_SKIP() << "no python3";
  const ProgramResult result =
      run_program({"sh", "-c",
                   "{ " + runner_program +
                       " env --shell python; echo \"print(os.environ['NUMBA_THREADING_LAYER'])\"; } "
                       "| /usr/bin/python3 -"});
  EXPECT_EQ(result.out, "workqueue\n") << result.err;
}

TEST(Env, RefusesAnUnknownShellAndDevice) {
  EXPECT_EQ(run_program({runner_program, "env", "--shell", "tcsh"}).exit_code, 2);
  EXPECT_EQ(run_program({runner_program, "env", "--device", "tpu"}).exit_code, 2);
  EXPECT_EQ(run_program({runner_program, "env", "--threads", "none"}).exit_code, 2);
}

}  // namespace
}  // namespace runner::runtime
