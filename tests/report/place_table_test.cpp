#include "report/place_table.h"

#include <gtest/gtest.h>

namespace runner::report {
namespace {

const std::vector<PlaceColumn> columns = {{"STATE", 9}, {"TIME", 1, true}, {"BY", 2}};
const std::vector<PlaceRow> rows = {{{"done", "1:05", "cron"}, "/a"}, {{"not run", "–", "–"}, "/b c/d"}};

TEST(ATableOfPlaces, HasThemBehindTheCellsWhereAllFit) {
  EXPECT_EQ(place_table(columns, "FILE", rows, std::string::npos),
            "STATE    TIME  BY    FILE\n"
            "done     1:05  cron  /a\n"
            "not run     –  –     /b c/d\n");
  EXPECT_EQ(place_table(columns, "FILE", rows, 27), place_table(columns, "FILE", rows, std::string::npos));
}

TEST(ATableOfPlaces, HasThemOnLinesOfTheirOwnElse) {
  EXPECT_EQ(place_table(columns, "FILE", rows, 26),
            "STATE    TIME  BY\n"
            "done     1:05  cron\n"
            "  /a\n"
            "not run     –  –\n"
            "  /b c/d\n");
}

TEST(ATableOfPlaces, LosesTheColumnsOfTheLowestRankFirst) {
  EXPECT_EQ(place_table(columns, "FILE", {rows[0]}, 12), "STATE  BY\ndone   cron\n  /a\n");
  EXPECT_EQ(place_table(columns, "FILE", {rows[0]}, 3), "STATE\ndone\n  /a\n");
}

}  // namespace
}  // namespace runner::report
