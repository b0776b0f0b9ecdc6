#include <gtest/gtest.h>

#include <sstream>

#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "support/terminal.h"

namespace runner::test {
namespace {

TEST(Help, EveryCommandOfTheTableAnswersHelpWithAnExample) {
  int count = 0;
  for (const char* command :
       {"train", "index", "sequences", "eval", "search", "smoke", "doctor", "env", "exec", "schedule",
        "config", "runs", "run", "plan", "predict", "configs", "completion", "json"}) {
    const ProgramResult result = run_runner({command, "--help"});
    EXPECT_EQ(result.exit_code, 0) << command << result.err;
    EXPECT_NE(result.out.find("runner "), std::string::npos) << command << result.out;
    EXPECT_NE(result.out.find("xample"), std::string::npos) << command << result.out;
    ++count;
  }
  EXPECT_EQ(count, 18);
}

TEST(Help, RunAndPlanSpeakOfThemselvesAndOfTheFilesJob) {
  const std::string plan = run_runner({"plan", "--help"}).out;
  EXPECT_EQ(plan.rfind("Rows, steps, memory", 0), 0U) << plan;
  const std::string index = RUNNER_SOURCE_DIR "/configs/index_flat_ip.yaml";
  const std::string run = run_runner({"run", index, "--help"}).out;
  EXPECT_NE(run.find("runner run configs/"), std::string::npos) << run;
  EXPECT_NE(run.find("Keys of the file (job: index)"), std::string::npos) << run;
}

TEST(Help, SearchNamesItsIndex) {
  const std::string search = run_runner({"search", "--help"}).out;
  EXPECT_NE(search.find("[INDEX]"), std::string::npos) << search;
  EXPECT_NE(search.find("the index file"), std::string::npos) << search;
}

TEST(Help, WithoutACommandTheTableIsShownAndTheExitCodeIsTwo) {
  const ProgramResult bare = run_runner({});
  EXPECT_EQ(bare.exit_code, 2);
  EXPECT_NE(bare.out.find("doctor"), std::string::npos);
  EXPECT_EQ(run_runner({"--help"}).exit_code, 0);
}

TEST(Help, AnUnknownCommandGetsASuggestion) {
  const ProgramResult result = run_runner({"trian"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "runner: trian: unknown command (did you mean train?); `runner --help` lists them\n");
}

// Its words, without the marks of broken lines.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; in >> word;)
    if (word != "\\") words.push_back(word);
  return words;
}

// Without a terminal lines have 80 columns, and only a word that is longer stands out.
TEST(Help, IsWrappedAtBlanks) {
  for (const char* command :
       {"train", "index", "predict", "search", "doctor", "exec", "schedule", "runs", "plan"})
    for (const char* flag : {"-h", "--help"}) {
      std::istringstream lines(run_runner({command, flag}).out);
      int count = 0;
      for (std::string line; std::getline(lines, line); ++count) {
        std::size_t columns = 0;
        for (const char c : line) columns += (c & 0xC0) != 0x80;
        const bool one_word = words_of(line).size() < 2;
        EXPECT_TRUE(columns <= 80 || one_word) << command << ": " << line;
      }
      EXPECT_GT(count, 10) << command;
    }
}

TEST(Help, TakesTheWidthOfTheTerminalAndKeepsItsWords) {
  const TemporaryFolder folder;
  ProgramOnTerminal terminal(
      {"sh", "-c", "stty cols 44 -onlcr && \"$0\" train --help >/dev/tty; echo '<end>' >/dev/tty",
       RUNNER_BUILD_DIR "/runner"},
      folder.path().string(), "/dev/null");
  ASSERT_TRUE(terminal.shows("<end>")) << terminal.seen();
  const std::string text = terminal.seen().substr(0, terminal.seen().find("<end>"));
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);)
    if (words_of(line).size() > 1) longest = std::max(longest, line.size());
  EXPECT_LE(longest, 46U);  // bytes: an ellipsis takes three
  EXPECT_GT(longest, 36U);
  EXPECT_EQ(words_of(text), words_of(run_runner({"train", "--help"}).out));
}

TEST(Help, InShortLeavesOutExamplesAndKeys) {
  const std::string brief = run_runner({"train", "-h"}).out, full = run_runner({"train", "--help"}).out;
  EXPECT_NE(brief.find("--epochs INT"), std::string::npos) << brief;
  EXPECT_EQ(brief.find("loss.recipe"), std::string::npos) << brief;
  EXPECT_NE(brief.find("`runner train --help` has examples and every key of the file."), std::string::npos);
  EXPECT_NE(full.find("  loss.recipe WORD\n"), std::string::npos) << full;
  std::string in_a_line;
  for (const std::string& word : words_of(full)) in_a_line += word + " ";
  EXPECT_NE(in_a_line.find("(one of mse, cosine, p6b_v1, p6b_v21, p6b_v23)"), std::string::npos) << full;
}

TEST(Help, NamesTheTypeOfEachValue) {
  const std::string train = run_runner({"train", "-h"}).out;
  for (const char* flag : {"--npz FILE", "--lr NUM", "--precision WORD", "--output PATH", "--resume[=RUN]",
                           "--set KEY=VALUE", "--max-steps INT", "--allow-changed  "})
    EXPECT_NE(train.find(flag), std::string::npos) << flag << train;
  EXPECT_NE(run_runner({"doctor", "-h"}).out.find("--tree DIR"), std::string::npos);
}

TEST(Help, OfExecSaysWhereTheProgramStands) {
  EXPECT_NE(run_runner({"exec", "-h"}).out.find("Usage: runner exec -- COMMAND... [FLAGS]"),
            std::string::npos);
}

TEST(Help, IsACommandToo) {
  EXPECT_EQ(run_runner({"help", "train"}).out, run_runner({"train", "--help"}).out);
  EXPECT_EQ(run_runner({"help", "runs", "clean"}).out, run_runner({"runs", "clean", "--help"}).out);
  EXPECT_EQ(run_runner({"help"}).out, run_runner({"--help"}).out);
  EXPECT_NE(run_runner({"help"}).out.find("5         a quality gate failed"), std::string::npos);
  EXPECT_NE(run_runner({"help", "trian"}).err.find("did you mean train?"), std::string::npos);
}

TEST(Version, HasAShortFlagAndAllThatIsKnownOfTheBuild) {
  const std::string brief = run_runner({"--version"}).out;
  EXPECT_EQ(brief, "runner " RUNNER_VERSION "\n");
  EXPECT_EQ(run_runner({"-V"}).out, brief);
  EXPECT_NE(file_contents(RUNNER_SOURCE_DIR "/CHANGELOG.md").find("\n## " RUNNER_VERSION " ("),
            std::string::npos)
      << "a version has its heading there";
  const std::string full = run_runner({"--version", "--verbose"}).out;
  EXPECT_EQ(full.rfind(brief, 0), 0U) << full;
  for (const char* fact :
       {"\ncommit    ", "\nlibtorch  ", "\nFAISS     ", "\nOpenMP    ", "\nBLAS      ", "\nCPU       "})
    EXPECT_NE(full.find(fact), std::string::npos) << fact << full;
  EXPECT_EQ(run_runner({"-V", "--verbos"}).exit_code, 2);
}

TEST(Help, TheLauncherLinksNoTorchNoFaissNoOpenMp) {
  const ProgramResult result = run_program({"ldd", std::string(RUNNER_BUILD_DIR) + "/runner"});
  ASSERT_EQ(result.exit_code, 0);
  for (const char* library : {"libtorch", "libfaiss", "libgomp", "libomp", "libiomp", "blas", "libc10"})
    EXPECT_EQ(result.out.find(library), std::string::npos) << result.out;
}

}  // namespace
}  // namespace runner::test
