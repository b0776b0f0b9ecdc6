#include "base/rate.h"

namespace runner {
namespace {

constexpr double window_s = 30, least_s = 3, apart_s = 0.25;

}  // namespace

void SlidingRate::add(double seconds, std::int64_t done) {
  // The last point moves with the present until it is far enough from the one before.
  if (points_.size() > 1 && seconds - points_[points_.size() - 2].seconds < apart_s) points_.pop_back();
  points_.push_back({seconds, done});
  while (points_.size() > 2 && seconds - points_[1].seconds >= window_s) points_.pop_front();
}

void SlidingRate::skip(double seconds) {
  for (Point& point : points_) point.seconds += seconds;
}

std::optional<double> SlidingRate::per_second() const {
  if (points_.empty()) return std::nullopt;
  const double seconds = points_.back().seconds - points_.front().seconds;
  if (seconds < least_s) return std::nullopt;
  return static_cast<double>(points_.back().done - points_.front().done) / seconds;
}

}  // namespace runner
