#pragma once
// Where an axis has its lines, and how they are labelled.

#include <string>
#include <vector>

namespace runner::report {

// Multiples of 1, 2 or 5 times a power of ten, from at or below `low` to at or above `high`: some `count`.
std::vector<double> linear_ticks(double low, double high, int count);

// 1, 2 and 5 times powers of ten, those at or below `low` and at or above `high` included; both above 0.
// Powers of ten alone where that would be more than twice `count`, linear_ticks where it would be fewer than
// three.
std::vector<double> log_ticks(double low, double high, int count);

// A label for each: with as many digits as tell neighbours apart, and no more.
std::vector<std::string> tick_labels(const std::vector<double>& ticks);

}  // namespace runner::report
