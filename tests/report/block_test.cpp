#include "report/block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/utf8.h"
#include "report/epoch_rows.h"
#include "report/figures_text.h"

namespace runner::report {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> rows_of(const std::string& text) {
  std::vector<std::string> rows;
  std::istringstream stream(text);
  for (std::string row; std::getline(stream, row);) rows.push_back(row);
  return rows;
}

TEST(ABlock, BreaksBetweenPartsAndNeverInsideOfOne) {
  const std::string path = "/a folder/with blanks/and a long name of a file.npz";
  Block block;
  block.add("train", {"p6b_v23", path});
  block.add_list("next", {"runner predict X", "runner eval Y"});
  EXPECT_EQ(block.text(std::string::npos),
            "train     p6b_v23, " + path + "\nnext      runner predict X\n          runner eval Y\n");
  for (std::size_t width = 1; width < 200; ++width) EXPECT_THAT(block.text(width), HasSubstr(path)) << width;
  EXPECT_EQ(rows_of(block.text(40))[0], "train     p6b_v23,");
}

// "367 validate (15 of 157 articles)" takes more than forty columns behind its label.
TEST(ABlock, BreaksAPartAtBlanksWhereNoLineHasRoomForIt) {
  Block block;
  block.add("split", {"2014 train", "367 validate (15 of 157 articles)", "end"});
  EXPECT_EQ(
      block.text(40),
      "split     2014 train,\n          367 validate (15 of 157\n          articles),\n          end\n");
}

TEST(ABlock, BreaksACommandSoThatItCanBePasted) {
  Block block;
  block.add_list("next", {"runner eval eval_5cat --model /tmp/a/run --npz data.npz"});
  EXPECT_EQ(block.text(52),
            "next      runner eval eval_5cat --model /tmp/a/run \\\n            --npz data.npz\n");
  Block quoted;
  quoted.add_list("next", {"runner eval --model '/tmp/a --b'"});
  EXPECT_EQ(quoted.text(20), "next      runner eval --model '/tmp/a --b'\n");
}

TEST(ABlock, BreaksASentenceAtBlanks) {
  Block block;
  block.add_text("advice", "take another recipe, or more data");
  EXPECT_EQ(block.text(26), "advice    take another\n          recipe, or more\n          data\n");
}

EpochRecord some_epoch() {
  EpochRecord epoch;
  epoch.epoch = 12;
  epoch.train = {0.0123456, -0.0123, 0, 0, 0, 0};
  epoch.val_loss = 0.002506;
  epoch.val_cosine = -0.4378;
  epoch.gain = -0.0621;
  epoch.margin = -0.0007;
  epoch.r_at_1 = epoch.new_r_at_5 = 0.125;
  epoch.lr = 5e-4;
  epoch.samples_per_second = 123456;
  return epoch;
}

TEST(AnEpochRow, StandsUnderItsHeadingInAHundredColumns) {
  const std::string heading = epoch_heading(std::string::npos),
                    row = epoch_row(some_epoch(), true, std::string::npos);
  EXPECT_EQ(columns(heading), columns(row));  // the last column ends both
  EXPECT_LE(columns(row), 101U);              // with the line's end
  EXPECT_THAT(row, HasSubstr("*    12"));
  EXPECT_THAT(row, HasSubstr("-0.0621"));
  EXPECT_THAT(row, HasSubstr("–"));  // r_at_5, which was not computed
  EXPECT_THAT(epoch_row(some_epoch(), false, 100), Not(HasSubstr("*")));
}

TEST(AnEpochRow, KeepsCosineAndGainInANarrowTerminal) {
  for (std::size_t width = 20; width <= 120; ++width) {
    const std::string row = epoch_row(some_epoch(), true, width);
    EXPECT_LE(columns(row), std::max<std::size_t>(width, 23) + 1) << width;
    if (width >= 23) {
      EXPECT_THAT(row, HasSubstr("-0.4378 -0.0621")) << width;
    }
  }
}

TEST(AFigureTable, FitsEightyColumnsWithEveryFigure) {
  const std::string table =
      figure_table({{"this model, epoch 12", numbers_of(some_epoch())}, {"chance", {}}}, 80);
  EXPECT_THAT(table, HasSubstr("legacy R@5"));
  for (const std::string& row : rows_of(table)) EXPECT_LE(columns(row), 80U) << row;
  for (const std::string& row : rows_of(figure_table({{"copy_last", numbers_of(some_epoch())}}, 40)))
    EXPECT_LE(columns(row), 40U) << row;
}

}  // namespace
}  // namespace runner::report
