// The scripts of `runner completion`, in the real shells; the man page, read by mandoc and man.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;
using Words = std::vector<std::string>;

const std::string runner_there = RUNNER_BUILD_DIR;
constexpr const char* ask_bash =
    "source \"$1\"; COMP_LINE=$2 COMP_POINT=${#2}; _runner; printf '%s\\n' \"${COMPREPLY[@]}\"";
constexpr const char* ask_fish = "source $argv[1]; complete -C \"$argv[2]\"";

// Each line without what fish says behind a tab and without flags' or keys' beginnings that some shells
// repeat.
Words offered_in(const std::string& text) {
  Words words;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find('\t'));
    if (const std::size_t at = line.find('='); at != std::string::npos && at + 1 < line.size())
      line = line.substr(at + 1);
    if (!line.empty()) words.push_back(line);
  }
  return words;
}

class Completion : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    shell_ = GetParam();
    if (!has_program(shell_))
      GTEST_SKIP() << "no " << shell_ << " here (scripts/setup.sh --tests installs it)";
    script_ = (folder_ / "script").string();
    const ProgramResult printed = run_runner({"completion", shell_});
    ASSERT_EQ(printed.exit_code, 0) << printed.err;
    folder_.write("script", printed.out);
    folder_.write("configs/mine.yaml", "job: train\n");
    folder_.write("artifacts/lvm/models/first/manifest.json", "{}");
    folder_.write("artifacts/index/x.index.manifest.json", "{}");
  }
  Words offers(const std::string& line) const {
    const std::string at = folder_.path().string();
    const std::string path = runner_there + ":" + std::getenv("PATH");
    std::vector<std::string> command = {shell_, "--norc", "-c", ask_bash, "-", script_, line};
    if (shell_ == "fish") command = {shell_, "--no-config", "-c", ask_fish, script_, line};
    if (shell_ == "zsh")
      command = {shell_, RUNNER_SOURCE_DIR "/tests/cli/complete_in_zsh.zsh", script_, at, line};
    const ProgramResult result = run_program(command, {at, {{"PATH", path}, {"HOME", at}}});
    EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
    Words words = offered_in(result.out);
    // Newer fish names what has the letters somewhere, too, and shows it only where nothing begins with them.
    const std::string typed = line.substr(line.find_last_of(" =") + 1);
    const auto begins = [&](const std::string& word) { return word.starts_with(typed); };
    if (shell_ == "fish" && std::any_of(words.begin(), words.end(), begins))
      std::erase_if(words, [&](const std::string& word) { return !begins(word); });
    return words;
  }
  const TemporaryFolder folder_;
  std::string shell_, script_;
};

TEST_P(Completion, KnowsCommandsAndTheirCommands) {
  EXPECT_THAT(offers("runner "), IsSupersetOf({"train", "doctor", "configs", "help"}));
  EXPECT_EQ(offers("runner tra"), Words{"train"});
  EXPECT_THAT(offers("runner runs "), IsSupersetOf({"list", "show", "diff", "verify", "clean"}));
  EXPECT_THAT(offers("runner runs "), Not(Contains("train")));
}

TEST_P(Completion, KnowsFlagsAndTheirWords) {
  EXPECT_EQ(offers("runner train --ep"), Words{"--epochs"});
  EXPECT_EQ(offers("runner runs list --so"), Words{"--sort"});
  EXPECT_THAT(offers("runner train x.yaml --epochs "), Not(Contains("mine")))
      << "a number is no configuration";
  EXPECT_THAT(offers("runner config show x.yaml --set "), testing::IsEmpty());
  EXPECT_THAT(offers("runner search --"), Not(Contains("--epochs")));
  EXPECT_THAT(offers("runner train --precision "), testing::UnorderedElementsAre("auto", "fp32", "bf16"));
  EXPECT_EQ(offers("runner train --precision=b"), Words{"bf16"});
  EXPECT_THAT(offers("runner completion "), testing::UnorderedElementsAre("bash", "zsh", "fish"));
}

TEST_P(Completion, KnowsKeysAndTheirWords) {
  EXPECT_EQ(offers("runner train x.yaml --set loss.rec"), Words{"loss.recipe="});
  EXPECT_THAT(offers("runner train x.yaml --set loss.recipe=p6b_v2"),
              testing::UnorderedElementsAre("p6b_v21", "p6b_v23"));
  EXPECT_EQ(offers("runner index x.yaml --set input.normalize=t"), Words{"true"});
}

TEST_P(Completion, KnowsConfigsAndRuns) {
  EXPECT_THAT(offers("runner train mi"), Contains("mine"));
  EXPECT_THAT(offers("runner runs show artifacts/lvm/models/f"), Contains("artifacts/lvm/models/first"));
  EXPECT_THAT(offers("runner runs diff artifacts/index/x"), Contains("artifacts/index/x.index"));
}

// A file may be called anything.
TEST_P(Completion, ExecutesNoNames) {
  folder_.write("configs/$(touch executed).yaml", "job: train\n");
  folder_.write("configs/`touch executed`.yaml", "job: train\n");
  EXPECT_THAT(offers("runner train mi"), Contains("mine"));
  offers("runner train ");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "executed"));
}

INSTANTIATE_TEST_SUITE_P(In, Completion, testing::Values("bash", "zsh", "fish"),
                         [](const auto& info) { return std::string(info.param); });

TEST(CompletionCommand, NamesTheShellsItKnows) {
  const ProgramResult result = run_runner({"completion", "tcsh"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("expected bash, zsh or fish, got 'tcsh'"), std::string::npos) << result.err;
}

TEST(CompletionCommand, IsCleanShell) {
  if (!has_program("shellcheck")) GTEST_SKIP() << "no shellcheck here";
  const TemporaryFolder folder;
  folder.write("runner.bash", run_runner({"completion", "bash"}).out);
  const ProgramResult result = run_program({"shellcheck", "-s", "bash", (folder / "runner.bash").string()});
  EXPECT_EQ(result.exit_code, 0) << result.out;
}

// What the build has made for `cmake --install` is what the program prints.
TEST(ShellFiles, AreWhatTheProgramPrints) {
  const std::filesystem::path made = runner_there + "/shell";
  EXPECT_EQ(file_contents(made / "runner"), run_runner({"completion", "bash"}).out);
  EXPECT_EQ(file_contents(made / "_runner"), run_runner({"completion", "zsh"}).out);
  EXPECT_EQ(file_contents(made / "runner.fish"), run_runner({"completion", "fish"}).out);
  EXPECT_EQ(file_contents(made / "runner.1"), run_runner({"help", "--man"}).out);
}

TEST(ManPage, HasEveryCommandFlagAndExitCode) {
  if (!has_program("man")) GTEST_SKIP() << "no man here";
  const std::filesystem::path page = runner_there + "/shell/runner.1";
  const ProgramResult read = run_program({"man", "--warnings", "-l", page.string()},
                                         {"", {{"MANWIDTH", "120"}, {"LC_ALL", "C.UTF-8"}}});
  EXPECT_EQ(read.exit_code, 0) << read.err;
  EXPECT_EQ(read.err, "");
  for (const char* part :
       {"runner train [CONFIG] [FLAGS]", "--max-steps INT", "runner runs clean [DIR] [FLAGS]",
        "runner exec -- COMMAND... [FLAGS]", "130, 143", "a quality gate failed"})
    EXPECT_NE(read.out.find(part), std::string::npos) << part;
  if (!has_program("mandoc")) GTEST_SKIP() << "no mandoc here";
  const ProgramResult lint = run_program({"mandoc", "-Tlint", "-Werror", page.string()});
  EXPECT_EQ(lint.exit_code, 0) << lint.out;
}

}  // namespace
}  // namespace runner::test
