#include "report/svg_chart.h"

#include <gmock/gmock.h>

#include <limits>
#include <regex>

namespace runner::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinite = std::numeric_limits<double>::infinity();

Series line(const char* name, const std::vector<double>& values) {
  Series series{name, {}};
  for (const double value : values)
    series.points.push_back({static_cast<double>(series.points.size()) + 1, value});
  return series;
}

struct Place {
  double x, y;
};

std::vector<Place> places(const std::string& svg, const std::string& pattern) {
  std::vector<Place> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator at(svg.begin(), svg.end(), regex), end; at != end; ++at)
    found.push_back({std::stod((*at)[1]), std::stod((*at)[2])});
  return found;
}

std::vector<Place> dots(const std::string& svg) {
  return places(svg, "<circle cx='([0-9.]+)' cy='([0-9.]+)'");
}

// The frame that the grid's outermost lines make.
void expect_inside_axes(const std::string& svg) {
  double left = infinite, right = -infinite, top = infinite, bottom = -infinite;
  for (const Place& across : places(svg, "<line class='grid' x1='([0-9.]+)' x2='([0-9.]+)' y1")) {
    left = std::min({left, across.x, across.y});
    right = std::max({right, across.x, across.y});
  }
  for (const Place& up : places(svg, "<line class='grid' [^>]*y1='([0-9.]+)' y2='([0-9.]+)'")) {
    top = std::min({top, up.x, up.y});
    bottom = std::max({bottom, up.x, up.y});
  }
  ASSERT_FALSE(dots(svg).empty()) << svg;
  for (const Place& dot : dots(svg)) {
    EXPECT_GE(dot.x, left - 0.11) << svg;
    EXPECT_LE(dot.x, right + 0.11) << svg;
    EXPECT_GE(dot.y, top - 0.11) << svg;
    EXPECT_LE(dot.y, bottom + 0.11) << svg;
  }
}

TEST(SvgChart, DrawsAPointForEachValueInsideItsAxes) {
  for (const auto& values : std::vector<std::vector<double>>{
           {0.9, 0.5, 0.31}, {1e-9, 3e8}, {-4, -4, -4}, {0, 0}, {0.1, nan, 0.3, infinite}, {1e300, -1e300}}) {
    for (const bool log_y : {false, true}) {
      const std::string drawing = svg({"c", "epoch", {line("a", values)}, {{"level", 0.2}}, {}, log_y});
      expect_inside_axes(drawing);
      EXPECT_THAT(drawing, Not(HasSubstr("nan")));
      EXPECT_THAT(drawing, Not(HasSubstr("inf")));
    }
  }
}

TEST(SvgChart, HigherValuesStandHigher) {
  const auto at = dots(svg({"c", "epoch", {line("a", {1, 2, 4})}, {}, {}, false}));
  ASSERT_EQ(at.size(), 3U);
  EXPECT_LT(at[0].x, at[1].x);
  EXPECT_GT(at[0].y, at[1].y);
  EXPECT_NEAR(at[0].y - at[1].y, (at[1].y - at[2].y) / 2, 0.1);
}

TEST(SvgChart, EqualRatiosAreEqualDistancesOnALogarithmicAxis) {
  const auto at = dots(svg({"c", "epoch", {line("a", {0.01, 0.1, 1})}, {}, {}, true}));
  ASSERT_EQ(at.size(), 3U);
  EXPECT_NEAR(at[0].y - at[1].y, at[1].y - at[2].y, 0.2);
}

TEST(SvgChart, OneEpochIsAPointInTheMiddle) {
  const std::string drawing = svg({"c", "epoch", {line("a", {0.5})}, {}, {}, false});
  expect_inside_axes(drawing);
  EXPECT_NEAR(dots(drawing)[0].x, (62 + 418) / 2.0, 0.2);
  EXPECT_THAT(drawing, HasSubstr(">1</text>"));
}

TEST(SvgChart, NothingToDrawIsNothing) {
  EXPECT_EQ(svg({"c", "epoch", {}, {{"level", 1}}, {}, false}), "");
  EXPECT_EQ(svg({"c", "epoch", {line("a", {nan})}, {}, {}, false}), "");
}

TEST(SvgChart, TellsValuesLevelsAndMarksOnHover) {
  const std::string drawing = svg({"c",
                                   "epoch",
                                   {line("a<b", {0.25, 0.5})},
                                   {{"best baseline", 0.4}},
                                   {{"step 7: rolled back", 2}},
                                   false});
  EXPECT_THAT(drawing, HasSubstr("<title>a&lt;b: 0.25, epoch 1</title>"));
  EXPECT_THAT(drawing, HasSubstr("<title>best baseline: 0.4</title>"));
  EXPECT_THAT(drawing, HasSubstr("<title>step 7: rolled back</title>"));
}

TEST(SvgChart, ThousandsOfEpochsAreThinnedAndEndAtTheLast) {
  std::vector<double> values(5000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  const std::string drawing = svg({"c", "epoch", {line("a", values)}, {}, {}, false});
  EXPECT_LE(dots(drawing).size(), 401U);
  EXPECT_THAT(drawing, HasSubstr("epoch 5000</title>"));
}

TEST(SvgChart, LongNamesTakeALineEach) {
  const std::string name(60, 'n');
  const std::string drawing =
      svg({"c", "epoch", {line((name + "1").c_str(), {1}), line((name + "2").c_str(), {2})}, {}, {}, false});
  const auto names = places(drawing, "<text class='axis' x='([0-9.]+)' y='([0-9.]+)'>n");
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(names[0].x, names[1].x);
  EXPECT_LT(names[0].y, names[1].y);
}

}  // namespace
}  // namespace runner::report
