#pragma once
#include <cstdint>

namespace runner::ann {

struct BuildTimes {
  double build_s = 0;  // reading, normalising, adding, writing
  double fsync_s = 0;
  std::uint64_t bytes = 0;  // of the file
};

}  // namespace runner::ann
