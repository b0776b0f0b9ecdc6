#include "base/time.h"

namespace runner {
namespace {

std::string local_time(std::time_t time, const char* format) {
  std::tm parts{};
  ::localtime_r(&time, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

}  // namespace

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string iso_time(std::time_t time) {
  return local_time(time, "%Y-%m-%dT%H:%M:%S%z");
}

std::string iso_time() {
  return iso_time(std::time(nullptr));
}

std::string minute_of(const std::string& iso_time) {
  if (iso_time.size() < 16 || iso_time[10] != 'T') return iso_time;
  return iso_time.substr(0, 10) + " " + iso_time.substr(11, 5);
}

std::string name_time() {
  return local_time(std::time(nullptr), "%Y%m%d_%H%M%S");
}

}  // namespace runner
