#pragma once
// Progress of one long loop: a redrawn line on a terminal, a plain line now and then elsewhere. On stderr.

#include <chrono>
#include <cstdint>
#include <string>

namespace runner {

class Progress {
 public:
  // `unit` is what is counted: "samples", "rows". Shown as done/total, rate per second and time left.
  Progress(std::string title, std::int64_t total, std::string unit);
  ~Progress();  // ends the redrawn line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `note` is shown as it is: "loss 0.0012 cosine 0.412".
  void update(std::int64_t done, const std::string& note = "");
  // True when the next update would print: lets a caller skip building the note.
  bool due() const;

 private:
  using Clock = std::chrono::steady_clock;
  void print(std::int64_t done, const std::string& note);

  std::string title_, unit_;
  std::int64_t total_, first_ = -1;
  bool terminal_, enabled_, drawn_ = false;
  Clock::time_point start_, next_;
};

// "1:02:03", "4:05" or "12 s".
std::string format_duration(double seconds);
// "1.2 GB", "512 MB", "7 KB" (powers of ten).
std::string format_bytes(double bytes);

}  // namespace runner
