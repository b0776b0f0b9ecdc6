// Tables on a terminal, narrow and wide: each row has a line, and a path is never broken.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "base/json.h"
#include "base/utf8.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "support/terminal.h"

namespace runner::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t label_width = 10;

class TablesOnATerminal : public testing::TestWithParam<unsigned short> {
 protected:
  void SetUp() override {
    folder_.write("bin/crontab",
                  "#!/bin/sh\ncase $1 in -l) cat \"$HOME/tab\" ;; -) cat >\"$HOME/tab\" ;; esac\n");
    std::filesystem::permissions(folder_ / "bin/crontab", std::filesystem::perms::owner_all);
    folder_.write("tab", "");
    options_ = {folder_.path().string(),
                {{"PATH", (folder_ / "bin").string() + ":" + std::getenv("PATH")},
                 {"HOME", folder_.path().string()},
                 {"XDG_STATE_HOME", (folder_ / "state").string()}}};
  }
  // What `runner WORDS` shows on a terminal of this width, row by row; no row reaches beyond its end, but for
  // a path, behind a label at most, that is longer than that.
  std::vector<std::string> shown(const std::string& words) const {
    std::string script;
    for (const auto& [name, value] : options_.environment) script += "export " + name + "='" + value + "'; ";
    script += RUNNER_BUILD_DIR "/runner " + words + " >/dev/tty; echo the end >/dev/tty";
    ProgramOnTerminal terminal({"sh", "-c", script}, options_.folder, (folder_ / "out").string(), false,
                               GetParam());
    EXPECT_TRUE(terminal.shows("the end\r\n")) << terminal.seen();
    std::vector<std::string> rows;
    std::istringstream lines(terminal.seen());
    for (std::string row; std::getline(lines, row) && row != "the end\r"; rows.push_back(row)) {
      row.erase(row.find_last_not_of("\r") + 1);
      std::size_t longest = 0;
      std::istringstream words_of_it(row);
      for (std::string word; words_of_it >> word;) longest = std::max(longest, columns(word));
      EXPECT_LE(columns(row), std::max<std::size_t>(GetParam(), label_width + longest)) << row;
    }
    return rows;
  }

  TemporaryFolder folder_;
  ProgramOptions options_;
};

TEST_P(TablesOnATerminal, HoldPastRuns) {
  const std::string place = "models/transformer_p6b_v23_20261104_100000", other = "models/a";
  for (const std::string& run : {place, other}) {
    const Json manifest = {{"job", "train"},
                           {"name", "transformer_p6b_v23"},
                           {"outcome", "interrupted"},
                           {"started", "2026-11-04T10:00:00+0100"},
                           {"ended", "2026-11-05T12:00:00+0100"},
                           {"result", {{"best_val_cosine", 0.5}, {"gain", -0.25}}}};
    folder_.write(run + "/manifest.json", manifest.dump());
  }
  const auto rows = shown("runs list models");
  EXPECT_THAT(rows,
              AllOf(Contains(testing::EndsWith("  " + place)), Contains(testing::EndsWith("  " + other))));
  EXPECT_EQ(rows.size(), GetParam() < 120 ? 5U : 3U) << "on lines of their own, or behind the figures";
  EXPECT_THAT(rows[0], AllOf(HasSubstr("STARTED"), HasSubstr("OUTCOME"), HasSubstr("BEST")));
  EXPECT_EQ(rows[0].find("TIME") != std::string::npos, GetParam() > 40);
}

TEST_P(TablesOnATerminal, HoldSchedules) {
  const std::string config = folder_.write("a_folder_of_somebody_elses/nightly_rebuild_of_the_index.yaml",
                                           "job: index\ninput: {vectors: v.npy}\noutput: out.index\n");
  folder_.write("v.npy", "none");
  const ProgramResult installed =
      run_runner({"schedule", "install", config, "--at", "*/30 8-18 * * 1-5", "--with", "cron"}, options_);
  ASSERT_EQ(installed.exit_code, 0) << installed.err;
  ASSERT_EQ(run_runner({"schedule", "start", config}, options_).exit_code, 3);
  const auto rows = shown("schedule list");
  EXPECT_THAT(rows[0], AllOf(HasSubstr("OUTCOME"), HasSubstr("NEXT RUN")));
  EXPECT_EQ(rows[0].find("LAST RUN") != std::string::npos, GetParam() > 40);
  EXPECT_THAT(rows[1], testing::StartsWith("failed"));
  EXPECT_EQ(rows[2], "  " + config);
  for (const std::string& row : shown("schedule status '" + config + "'"))
    EXPECT_THAT(row, Not(HasSubstr("\t")));
}

TEST_P(TablesOnATerminal, HoldShippedConfigurations) {
  options_.folder = RUNNER_SOURCE_DIR;
  std::string all;
  for (const std::string& row : shown("configs list")) all += row + "\n";
  for (const char* name : {"eval_5cat", "index_flat_ip", "p6b_v23"})
    EXPECT_THAT(all, HasSubstr(std::string(name) + " "));
}

INSTANTIATE_TEST_SUITE_P(Of, TablesOnATerminal, testing::Values(40, 80, 120),
                         [](const auto& info) { return std::to_string(info.param) + "Columns"; });

}  // namespace
}  // namespace runner::test
