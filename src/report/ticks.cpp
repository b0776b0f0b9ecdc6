#include "report/ticks.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"

namespace runner::report {
namespace {

// The least of 1, 2, 5 and 10 times a power of ten that is not below `step` (Heckbert, "Nice numbers for
// graph labels", Graphics Gems, 1990).
double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

}  // namespace

std::vector<double> linear_ticks(double low, double high, int count) {
  // Doubles next to each other have no round number between them.
  const double least = std::max(std::abs(low), std::abs(high)) * 1e-9;
  const double step = round_step(std::max({(high - low) / std::max(1, count - 1), least, 1e-300}));
  const double first = std::floor(low / step * (1 + 1e-12)), last = std::ceil(high / step * (1 - 1e-12));
  std::vector<double> ticks;
  for (double k = first; k <= last + 0.5; k += 1) ticks.push_back(k == 0 ? 0.0 : k * step);
  return ticks;
}

std::vector<double> log_ticks(double low, double high, int count) {
  std::vector<double> ticks, powers;
  for (int decade = static_cast<int>(std::floor(std::log10(low)));
       decade <= static_cast<int>(std::ceil(std::log10(high))); ++decade)
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = factor * std::pow(10.0, decade);
      ticks.push_back(tick);
      if (factor == 1.0) powers.push_back(tick);
    }
  if (static_cast<int>(ticks.size()) > 2 * count) ticks = powers;
  // From the last one at or below `low` to the first one at or above `high`.
  while (ticks.size() > 1 && ticks[1] <= low * (1 + 1e-12)) ticks.erase(ticks.begin());
  while (ticks.size() > 1 && ticks[ticks.size() - 2] >= high * (1 - 1e-12)) ticks.pop_back();
  const auto inside =
      std::count_if(ticks.begin(), ticks.end(), [&](double t) { return t >= low && t <= high; });
  return inside < 2 ? linear_ticks(low, high, count) : ticks;
}

std::vector<std::string> tick_labels(const std::vector<double>& ticks) {
  std::vector<std::string> labels;
  for (int digits = 6; digits <= 12; ++digits) {
    labels.clear();
    bool exact = true;
    for (const double tick : ticks) {
      labels.push_back(fmt::format("{:.{}g}", tick, digits));
      exact = exact && std::abs(std::stod(labels.back()) - tick) <= std::abs(tick) * 1e-9;
    }
    if (exact) break;
  }
  // The digits of the finest one for all of one axis: 0.80, 0.85, 0.90.
  std::size_t after_point = 0;
  for (const std::string& label : labels) {
    if (label.find('e') != std::string::npos) return labels;
    const auto point = label.find('.');
    if (point != std::string::npos) after_point = std::max(after_point, label.size() - point - 1);
  }
  const bool even = ticks.size() < 3 || std::abs((ticks[1] - ticks[0]) - (ticks[2] - ticks[1])) <
                                            1e-6 * std::abs(ticks[2] - ticks[0]);
  if (even)
    for (std::size_t i = 0; i < ticks.size(); ++i) labels[i] = fmt::format("{:.{}f}", ticks[i], after_point);
  return labels;
}

}  // namespace runner::report
