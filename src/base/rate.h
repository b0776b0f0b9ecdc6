#pragma once
// How fast something goes by now: over the last half minute, and not since its start.

#include <cstdint>
#include <deque>
#include <optional>

namespace runner {

class SlidingRate {
 public:
  // `seconds`: on a clock that does not go back. What came before the first call is not counted.
  void add(double seconds, std::int64_t done);
  // Nothing was counted for so long: that is no slowness.
  void skip(double seconds);
  // Nothing until a few seconds have been seen.
  std::optional<double> per_second() const;

 private:
  struct Point {
    double seconds;
    std::int64_t done;
  };
  std::deque<Point> points_;
};

}  // namespace runner
