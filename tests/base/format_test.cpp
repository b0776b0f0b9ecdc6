#include <gtest/gtest.h>

#include "base/error.h"
#include "base/progress.h"

namespace runner {
namespace {

TEST(Format, Durations) {
  EXPECT_EQ(format_duration(12.4), "12 s");
  EXPECT_EQ(format_duration(245), "4:05");
  EXPECT_EQ(format_duration(3723), "1:02:03");
}

TEST(Format, Bytes) {
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1234567), "1.2 MB");
  EXPECT_EQ(format_bytes(151e9), "151 GB");
}

TEST(Error, CarriesItsExitCodeAndPlace) {
  const DataError error("row 17 is not finite", "a.npz: vectors");
  EXPECT_EQ(error.line(), "a.npz: vectors: row 17 is not finite");
  EXPECT_EQ(static_cast<int>(error.code()), 3);
  EXPECT_EQ(static_cast<int>(Interrupted(15, "stopped").code()), 143);
}

}  // namespace
}  // namespace runner
