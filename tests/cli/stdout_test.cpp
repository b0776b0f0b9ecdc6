// A result that does not arrive is no success, whatever the command.
#include <gtest/gtest.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

struct Line {
  const char* name;
  std::vector<std::string> words;
};

class Result : public testing::TestWithParam<Line> {};

ProgramResult run_redirected(const std::string& redirection, const std::vector<std::string>& words) {
  std::vector<std::string> command = {"bash", "-c", "\"$@\" " + redirection, "bash",
                                      RUNNER_BUILD_DIR "/runner"};
  command.insert(command.end(), words.begin(), words.end());
  const TemporaryFolder state;
  return run_program(command, {RUNNER_SOURCE_DIR, {{"XDG_STATE_HOME", state.path().string()}}});
}

TEST_P(Result, ThatDoesNotArriveIsExit1WithALine) {
  for (const char* redirection : {">/dev/full", ">&-"}) {
    const ProgramResult run = run_redirected(redirection, GetParam().words);
    EXPECT_EQ(run.exit_code, 1) << redirection << run.err;
    EXPECT_NE(run.err.find("runner: stdout: the result cannot be written: "), std::string::npos)
        << redirection << run.err;
  }
}

TEST_P(Result, ThatArrivesIsExit0) {
  const ProgramResult run = run_redirected(">/dev/null", GetParam().words);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err.find("stdout"), std::string::npos) << run.err;
}

const std::string config = "configs/p6b_v23.yaml";
INSTANTIATE_TEST_SUITE_P(
    Of, Result,
    testing::Values(Line{"Help", {"--help"}}, Line{"HelpOfACommand", {"train", "--help"}},
                    Line{"HelpOfEnv", {"env", "--help"}}, Line{"HelpOfExec", {"exec", "--help"}},
                    Line{"Version", {"--version"}}, Line{"ConfigShow", {"config", "show", config}},
                    Line{"ConfigCheck", {"config", "check", config}},
                    Line{"ConfigCheckJson", {"config", "check", config, "--json"}},
                    Line{"ConfigSchema", {"config", "schema", "train"}}, Line{"Doctor", {"doctor"}},
                    Line{"DoctorJson", {"doctor", "--json"}}, Line{"Env", {"env"}},
                    Line{"EnvJson", {"env", "--json"}}, Line{"Runs", {"runs", "list", "artifacts"}},
                    Line{"RunsJson", {"runs", "list", "artifacts", "--json"}},
                    Line{"Schedules", {"schedule", "list"}}, Line{"Plan", {"plan", config}},
                    Line{"PlanJson", {"plan", config, "--json"}}),
    [](const auto& info) { return std::string(info.param.name); });

// The exit code of what went wrong first stands.
TEST(ARefusal, KeepsItsExitCodeWithoutStdout) {
  for (const char* redirection : {">/dev/full", ">&-"})
    EXPECT_EQ(run_redirected(redirection, {"train", "configs/nosuch.yaml", "--json"}).exit_code, 2);
}

TEST(StandardErrorThatIsGone, ChangesNoExitCode) {
  for (const char* redirection : {"2>/dev/full", "2>&-", "2> >(exec true)"}) {
    EXPECT_EQ(run_redirected(redirection, {"train", "configs/nosuch.yaml"}).exit_code, 2) << redirection;
    EXPECT_EQ(run_redirected(redirection, {"env", "--explain-env"}).exit_code, 0) << redirection;
    EXPECT_EQ(run_redirected(redirection, {"exec", "--", "sh", "-c", "echo x >&2; exit 7"}).exit_code, 7)
        << redirection;
  }
}

// A closed stdout is not the number of the next file that is opened.
TEST(ClosedStdout, IsNotAnotherFile) {
  const ProgramResult run = run_redirected(">&- 2>&- <&-", {"exec", "--", "sh", "-c", "exit 3"});
  EXPECT_EQ(run.exit_code, 3);
}

// `runner exec` gives its program SIGPIPE as the shell had it.
TEST(Exec, LeavesSigpipeToTheProgram) {
  const ProgramResult run = run_program(
      {"bash", "-c", "\"$0\" exec -- yes | head -1; echo ${PIPESTATUS[0]}", RUNNER_BUILD_DIR "/runner"},
      {RUNNER_SOURCE_DIR, {}});
  EXPECT_EQ(run.out, "y\n141\n") << run.err;
}

}  // namespace
}  // namespace runner::test
