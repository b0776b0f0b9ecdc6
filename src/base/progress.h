#pragma once
// Progress of one long loop: a redrawn line on a terminal, a plain line now and then elsewhere. On stderr.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/rate.h"

namespace runner {

class Progress {
 public:
  // `unit` is what is counted: "samples", "rows". Shown as done/total, rate per second and time left, the
  // last two once there is a rate to go by.
  Progress(std::string title, std::int64_t total, std::string unit);
  ~Progress();  // ends the redrawn line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set_title(std::string title) { title_ = std::move(title); }
  // Work that is not counted, still to be done: part of the time left.
  void set_other_work(double seconds) { other_s_ = seconds; }
  // `notes` are shown as they are, the first ones longest: {"loss 0.0012", "cosine 0.412"}.
  void update(std::int64_t done, const std::vector<std::string>& notes = {});
  // True when the next update would print: lets a caller skip building the notes.
  bool due() const;
  // Something else is done, which `title` names, until the next update.
  void pause(const std::string& title);

 private:
  using Clock = std::chrono::steady_clock;
  double now() const;
  void print(std::int64_t done, const std::vector<std::string>& notes);
  std::string time_left(std::int64_t done) const;

  std::string title_, unit_;
  std::int64_t total_;
  bool terminal_, enabled_;
  double other_s_ = 0, paused_at_ = -1;
  SlidingRate rate_;
  Clock::time_point start_, next_;
};

// "1:02:03", "4:05" or "12 s".
std::string format_duration(double seconds);
// "1.2 GB", "512 MB", "7 KB" (powers of ten).
std::string format_bytes(double bytes);

}  // namespace runner
