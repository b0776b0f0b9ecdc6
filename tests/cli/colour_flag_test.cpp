#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_program.h"

namespace runner::test {
namespace {

using testing::HasSubstr;
using testing::Not;

ProgramResult doctor(const std::string& flag, std::map<std::string, std::string> environment) {
  return run_runner({"doctor", flag}, {.folder = RUNNER_SOURCE_DIR, .environment = std::move(environment)});
}

TEST(TheColourFlag, OutranksTheEnvironment) {
  EXPECT_THAT(doctor("--color=always", {{"NO_COLOR", "1"}}).out, HasSubstr("\033[3"));
  EXPECT_THAT(doctor("--color=never", {{"CLICOLOR_FORCE", "1"}}).out, Not(HasSubstr("\033")));
  EXPECT_THAT(doctor("--color=auto", {{"CLICOLOR_FORCE", "1"}}).out, HasSubstr("\033[3"));
  EXPECT_THAT(doctor("--color=auto", {{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}).out,
              Not(HasSubstr("\033")));
  EXPECT_THAT(doctor("--color=auto", {}).out, Not(HasSubstr("\033")));
}

TEST(TheColourFlag, ReachesTheWorkersLog) {
  const ProgramOptions here{.folder = RUNNER_SOURCE_DIR, .environment = {}};
  const std::vector<std::string> plan = {"plan", "configs/p6b_v23.yaml", "--color"};
  const auto with = [&](const char* word) {
    std::vector<std::string> all = plan;
    all.emplace_back(word);
    return run_runner(all, here);
  };
  EXPECT_THAT(with("always").err, HasSubstr("\033[1;33mwarning\033[0m"));
  EXPECT_THAT(with("never").err, HasSubstr(" warning "));
  EXPECT_THAT(with("never").err, Not(HasSubstr("\033")));
}

TEST(TheColourFlag, IsTakenBySubcommandsAndListed) {
  EXPECT_EQ(run_runner({"configs", "list", "--color", "never"}).exit_code, 0);
  EXPECT_THAT(run_runner({"runs", "list", "--help"}).out, HasSubstr("--color WORD"));
  EXPECT_THAT(run_runner({"train", "-h"}).out, HasSubstr("--color WORD"));
  for (const char* shell : {"bash", "zsh", "fish"})
    EXPECT_THAT(run_runner({"completion", shell}).out, HasSubstr("color")) << shell;
  const ProgramResult wrong = run_runner({"doctor", "--color", "blue"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("expected auto, always, never; got 'blue'"));
}

}  // namespace
}  // namespace runner::test
