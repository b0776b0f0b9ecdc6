#include "report/svg_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/log.h"
#include "report/html.h"
#include "report/ticks.h"

namespace runner::report {
namespace {

// In the units of the view box; a page scales it. Letters of 11 units are some 6.2 wide.
constexpr double width = 440, right = 22, left = 62, plot_height = 180, line_height = 16, letter = 6.2;
constexpr std::size_t most_points = 400;

// From values to the view box. Where all values are one, it lies in the middle.
class Axis {
 public:
  Axis(std::vector<double> ticks, bool logarithmic, double from, double to)
      : ticks_(std::move(ticks)), logarithmic_(logarithmic), from_(from), to_(to) {
    low_ = scaled(ticks_.front());
    high_ = scaled(ticks_.back());
  }
  double operator()(double value) const {
    return from_ + (to_ - from_) * (scaled(value) - low_) / (high_ - low_);
  }
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  double scaled(double value) const { return logarithmic_ ? std::log10(value) : value; }
  std::vector<double> ticks_;
  bool logarithmic_;
  double from_, to_, low_ = 0, high_ = 1;
};

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void widen_a_point() {
    if (high > low) return;
    const double half = low == 0 ? 0.5 : std::abs(low) * 0.05;
    low -= half;
    high += half;
  }
};

std::vector<Point> drawn(const Series& series) {
  std::vector<Point> finite;
  for (const Point& point : series.points)
    if (std::isfinite(point.x) && std::isfinite(point.y)) finite.push_back(point);
  if (finite.size() <= most_points) return finite;
  std::vector<Point> thinned;
  const std::size_t stride = (finite.size() + most_points - 1) / most_points;
  for (std::size_t i = 0; i < finite.size(); i += stride) thinned.push_back(finite[i]);
  thinned.push_back(finite.back());
  return thinned;
}

std::string number(double value) {
  return fmt::format("{:.6g}", value);
}

std::string grid(const Axis& x, const Axis& y, double top, const std::string& x_name) {
  const double bottom = top + plot_height;
  std::string out;
  const auto y_labels = tick_labels(y.ticks());
  for (std::size_t i = 0; i < y_labels.size(); ++i) {
    const double at = y(y.ticks()[i]);
    out += fmt::format("<line class='grid' x1='{}' x2='{}' y1='{:.1f}' y2='{:.1f}'/>", left, width - right,
                       at, at);
    out += fmt::format("<text class='axis' text-anchor='end' x='{}' y='{:.1f}'>{}</text>", left - 6, at + 4,
                       y_labels[i]);
  }
  const auto x_labels = tick_labels(x.ticks());
  for (std::size_t i = 0; i < x_labels.size(); ++i) {
    const double at = x(x.ticks()[i]);
    if (at < left - 0.1 || at > width - right + 0.1) continue;
    out += fmt::format("<line class='grid' x1='{:.1f}' x2='{:.1f}' y1='{}' y2='{}'/>", at, at, top, bottom);
    out += fmt::format("<text class='axis' text-anchor='middle' x='{:.1f}' y='{}'>{}</text>", at, bottom + 15,
                       x_labels[i]);
  }
  return out + fmt::format("<text class='axis' text-anchor='middle' x='{}' y='{}'>{}</text>",
                           (left + width - right) / 2, bottom + 30, escaped(x_name));
}

// Names of the curves and levels above the plot, in as many lines as they take; returns the height of them.
double legend(const Chart& chart, std::string& out) {
  double x = left, y = line_height - 4;
  const auto add = [&](const std::string& name, const std::string& look, const char* dashes) {
    const double wide = 26 + letter * static_cast<double>(name.size());
    if (x > left && x + wide > width - right) {
      x = left;
      y += line_height;
    }
    out += fmt::format(
        "<line class='{}'{} x1='{}' x2='{}' y1='{}' y2='{}'/><text class='axis' x='{}' y='{}'>{}</text>",
        look, dashes, x, x + 14, y - 4, y - 4, x + 18, y, escaped(name));
    x += wide;
  };
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    if (!chart.series[i].points.empty()) add(chart.series[i].name, fmt::format("series-{}", i % 8), "");
  for (const Level& level : chart.levels) add(level.name, "level", " stroke-dasharray='4'");
  return y + 10;
}

std::string curve(const std::vector<Point>& points, const std::string& name, std::size_t colour,
                  const Chart& chart, const Axis& x, const Axis& y) {
  std::string line, dots;
  for (const Point& p : points) {
    line += fmt::format("{:.1f},{:.1f} ", x(p.x), y(p.y));
    dots += fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='{}'><title>{}: {}, {} {}</title></circle>",
                        x(p.x), y(p.y), points.size() > 60 ? "1.5" : "3", escaped(name), number(p.y),
                        escaped(chart.x_name), number(p.x));
  }
  return fmt::format("<g class='series-{}'><polyline fill='none' points='{}'/>{}</g>", colour % 8, line,
                     dots);
}

}  // namespace

std::string svg(const Chart& chart) {
  Range across, up;
  bool above_zero = true;
  std::vector<std::vector<Point>> curves;
  for (const Series& series : chart.series)
    for (const Point& p : curves.emplace_back(drawn(series))) {
      across.add(p.x);
      up.add(p.y);
      above_zero = above_zero && p.y > 0;
    }
  if (across.low > across.high) return "";
  for (const Level& level : chart.levels) {
    if (!std::isfinite(level.y)) continue;
    up.add(level.y);
    above_zero = above_zero && level.y > 0;
  }
  up.widen_a_point();
  const bool one_x = across.low == across.high;
  const bool logarithmic = chart.log_y && above_zero && up.low > 0;

  std::string names;
  const double top = legend(chart, names), bottom = top + plot_height, height = bottom + 36;
  const Axis y(logarithmic ? log_ticks(up.low, up.high, 5) : linear_ticks(up.low, up.high, 5), logarithmic,
               bottom, top);
  // Steps and epochs are whole numbers: ticks between them say nothing.
  std::vector<double> x_ticks = one_x ? std::vector<double>{across.low - 1, across.low, across.low + 1}
                                      : linear_ticks(across.low, across.high, 7);
  if (!one_x && x_ticks[1] - x_ticks[0] < 1) {
    x_ticks.clear();
    for (double at = std::floor(across.low); at <= std::ceil(across.high); ++at) x_ticks.push_back(at);
  }
  const Axis x(x_ticks, false, left, width - right);

  std::string out = fmt::format("<svg viewBox='0 0 {} {:.0f}' role='img' aria-label='{}'>", width, height,
                                escaped(chart.title));
  out += names + grid(x, y, top, chart.x_name);
  for (const Level& level : chart.levels)
    if (std::isfinite(level.y))
      out += fmt::format(
          "<line class='level' stroke-dasharray='4' x1='{}' x2='{}' y1='{:.1f}' y2='{:.1f}'><title>{}: "
          "{}</title></line>",
          left, width - right, y(level.y), y(level.y), escaped(level.name), number(level.y));
  for (const Mark& mark : chart.marks)
    if (mark.x >= x_ticks.front() && mark.x <= x_ticks.back())
      out += fmt::format(
          "<line class='mark' stroke-dasharray='2' x1='{:.1f}' x2='{:.1f}' y1='{}' y2='{}'><title>{}"
          "</title></line>",
          x(mark.x), x(mark.x), top, bottom, escaped(mark.name));
  for (std::size_t i = 0; i < curves.size(); ++i)
    if (!curves[i].empty()) out += curve(curves[i], chart.series[i].name, i, chart, x, y);
  return out + "</svg>";
}

}  // namespace runner::report
