#pragma once
// A chart as SVG: curves over a common axis, with ticks, grid, points, levels and marks. Colours are CSS
// classes (series-0 … series-7, axis, grid, level, mark), so that a page can have a light and a dark one.

#include <string>
#include <vector>

namespace runner::report {

struct Point {
  double x = 0, y = 0;
};

struct Series {
  std::string name;
  std::vector<Point> points;  // by rising x; those that are not finite are left out
};

struct Level {
  std::string name;
  double y = 0;
};

struct Mark {
  std::string name;
  double x = 0;
};

struct Chart {
  std::string title, x_name;
  std::vector<Series> series;
  std::vector<Level> levels;  // dashed, across the chart
  std::vector<Mark> marks;    // dotted, from top to bottom, named when one points at them
  bool log_y = false;         // where every value is above 0; linear otherwise
};

// A <svg>; "" when there is no point to draw. A value is told when one points at its point. A series of more
// than 400 points is drawn thinner, its last one kept.
std::string svg(const Chart& chart);

}  // namespace runner::report
