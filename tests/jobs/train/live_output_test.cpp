// What a training run leaves on a terminal and in its log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "jobs/train/small_run.h"
#include "support/screen.h"
#include "support/terminal.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::Not;

// `runner` with a run short enough to be shown at many widths, which redraws its line often.
std::vector<std::string> shown_run(const fs::path& output, const std::string& term = "xterm") {
  std::vector<std::string> command = {"env", "TERM=" + term, std::string(RUNNER_BUILD_DIR) + "/runner"};
  for (const std::string& word : small_run(output, {"--set", "train.batch_size=8"})) command.push_back(word);
  return command;
}

// Neither the line's beginning nor its end stands on a row of its own.
void expect_no_stray_line(const std::vector<std::string>& rows, const std::string& where) {
  static const std::regex stray(
      "^epoch [0-9]+/[0-9]+|[0-9] samples  |\\[=*>|[0-9]/s  |^(loss|cosine) [0-9.-]+$");
  for (const std::string& row : rows) EXPECT_FALSE(std::regex_search(row, stray)) << where << ": " << row;
}

// What was written, wherever the terminal has broken it.
std::string without_blanks(const std::vector<std::string>& rows) {
  std::string all;
  for (const std::string& row : rows) all += row;
  std::erase(all, ' ');
  return all;
}

class TerminalOfWidth : public testing::TestWithParam<unsigned short> {};

TEST_P(TerminalOfWidth, KeepsNoRowOfTheLiveLine) {
  const TemporaryFolder folder;
  ProgramOnTerminal run(shown_run(folder / "run"), RUNNER_SOURCE_DIR, folder / "out", false, GetParam());
  Screen screen(GetParam());
  std::size_t draws = 0;
  for (std::string piece = run.next(); !piece.empty(); piece = run.next()) {
    draws += piece.find("epoch 1/2") != std::string::npos;
    screen.feed(piece);
  }
  EXPECT_EQ(run.wait(), 0);
  EXPECT_GE(draws, 3U);
  expect_no_stray_line(screen.lines(), std::to_string(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Columns, TerminalOfWidth, testing::Values(20, 40, 79, 80, 120, 200),
                         testing::PrintToStringParamName());

class ResizedTerminal : public testing::TestWithParam<Screen::Resize> {};

TEST_P(ResizedTerminal, KeepsNoRowOfTheLiveLine) {
  const TemporaryFolder folder;
  ProgramOnTerminal run(shown_run(folder / "run"), RUNNER_SOURCE_DIR, folder / "out", false, 120);
  Screen screen(120, GetParam());
  constexpr unsigned short widths[] = {37, 150, 20, 80};
  std::size_t resizes = 0;
  for (std::string piece = run.next(); !piece.empty(); piece = run.next()) {
    screen.feed(piece);
    if (piece.find("epoch 1/2") == std::string::npos) continue;
    const unsigned short width = widths[resizes++ % std::size(widths)];
    run.resize(width);
    screen.resize(width);
  }
  EXPECT_EQ(run.wait(), 0);
  EXPECT_GE(resizes, 3U);
  expect_no_stray_line(screen.lines(), "resized");
  if (GetParam() == Screen::Resize::breaks_anew) {
    EXPECT_THAT(without_blanks(screen.lines()), HasSubstr("firststep"));
  }
}

INSTANTIATE_TEST_SUITE_P(That, ResizedTerminal,
                         testing::Values(Screen::Resize::breaks_anew, Screen::Resize::cuts),
                         [](const auto& info) {
                           return std::string(info.param == Screen::Resize::cuts ? "Cuts" : "BreaksAnew");
                         });

TEST(ADumbTerminal, GetsPlainLines) {
  const TemporaryFolder folder;
  ProgramOnTerminal run(shown_run(folder / "run", "dumb"), RUNNER_SOURCE_DIR, folder / "out", false, 80);
  std::string all;
  for (std::string piece = run.next(); !piece.empty(); piece = run.next()) all += piece;
  EXPECT_EQ(run.wait(), 0);
  EXPECT_THAT(all, HasSubstr("first step"));
  EXPECT_THAT(all, Not(HasSubstr("\033")));
  for (std::size_t at = all.find('\r'); at != std::string::npos; at = all.find('\r', at + 1))
    EXPECT_EQ(all[at + 1], '\n');
}

class WhatARunTells : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder;
    std::vector<std::string> arguments =
        small_run(*folder / "run", {"--set", "gates.final.min_gain=0", "--set", "gates.final.min_cosine=-1"});
    std::erase(arguments, "--json");
    told = run_runner(arguments, in_source());
  }
  static void TearDownTestSuite() { delete folder; }
  static std::vector<std::string> rows(const std::string& text) {
    std::vector<std::string> all;
    std::istringstream stream(text);
    for (std::string row; std::getline(stream, row);) all.push_back(row);
    return all;
  }
  static TemporaryFolder* folder;
  static ProgramResult told;
};
TemporaryFolder* WhatARunTells::folder;
ProgramResult WhatARunTells::told;

TEST_F(WhatARunTells, BeginsWithSixLines) {
  EXPECT_EQ(told.exit_code, 5) << told.err;
  const std::string verdict = result_of(run_runner({"doctor", "--json"}, in_source()))["sets"][0]["verdict"];
  std::vector<std::string> header;
  for (const std::string& row : rows(told.err))
    for (const char* label : {"train ", "split ", "model ", "device ", "baselines ", "output "})
      if (row.starts_with(label)) header.push_back(row);
  ASSERT_EQ(header.size(), 6U) << told.err;
  EXPECT_THAT(header[0], HasSubstr("transformer_p6b_v23, artifacts/sample/cppdocs_768.npz"));
  EXPECT_EQ(header[1], "split     2381 windows of 5 × 768, 2014 train, 367 validate (15 of 157 articles)");
  EXPECT_THAT(header[2], testing::ContainsRegex("transformer  [0-9.]+ M parameters  [0-9.]+ MB"));
  EXPECT_THAT(header[3], HasSubstr("OpenMP " + verdict));
  EXPECT_THAT(header[4], HasSubstr("copy_last 0.519"));
  EXPECT_EQ(header[5], "output    " + (*folder / "run").string());
}

TEST_F(WhatARunTells, HasARowAnEpochAndMarksTheBest) {
  std::vector<std::string> epochs;
  for (const std::string& row : rows(told.err))
    if (std::regex_search(row, std::regex("^[* ]  +[12] +[0-9]"))) epochs.push_back(row);
  ASSERT_EQ(epochs.size(), 2U) << told.err;
  EXPECT_EQ(epochs[0][0], '*');
  EXPECT_THAT(told.err, HasSubstr("  epoch train loss"));
}

TEST_F(WhatARunTells, EndsWithFiguresGatesAndWhatToDoNext) {
  EXPECT_THAT(told.out, testing::ContainsRegex("FAIL  gain +-0\\.[0-9]{4}  >= 0"));
  EXPECT_THAT(told.out, HasSubstr("gates     pass  val_cosine"));
  EXPECT_THAT(told.out, testing::ContainsRegex("gain      -0\\.[0-9]{4} over weighted_mean"));
  for (const char* command :
       {"runner runs report ", "tensorboard --logdir ", "runner eval eval_5cat --model ", "runner predict "})
    EXPECT_THAT(told.out, HasSubstr(command + (*folder / "run").string()));
  EXPECT_THAT(told.out, Not(HasSubstr("\033")));
}

TEST_F(WhatARunTells, IsInItsLogWhole) {
  const std::string log = file_contents(*folder / "run/train.log");
  for (const std::string& row : rows(told.out)) EXPECT_THAT(log, HasSubstr(row));
  for (const char* label : {"train ", "split ", "device ", "  epoch train loss", "best ", "next "})
    EXPECT_THAT(log, HasSubstr(label));
}

TEST_F(WhatARunTells, StandsInItsManifestUnderTheSameNames) {
  const Json result = Json::parse(file_contents(*folder / "run/manifest.json"))["result"];
  EXPECT_EQ(result["config"], "transformer_p6b_v23");
  EXPECT_EQ(result["data"]["windows"], 2381);
  EXPECT_EQ(result["model"]["type"], "transformer");
  EXPECT_EQ(result["model"]["bytes"].get<std::int64_t>(),
            4 * result["model"]["parameters"].get<std::int64_t>());
  EXPECT_GE(result["threads"], 1);
  EXPECT_TRUE(result["openmp"].is_string());
  EXPECT_EQ(result["best"]["val_cosine"], result["best_val_cosine"]);
  EXPECT_EQ(result["next"].size(), 4U);
}

}  // namespace
}  // namespace runner::test
