#include "base/flush.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace runner {
namespace {

TEST(Flush, AFileIsFlushedAndAWrongDescriptorSaysSo) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(flush_to_disk(::fileno(file)), 0);
  std::fclose(file);
  errno = 0;
  EXPECT_EQ(flush_to_disk(-1), -1);
  EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace runner
