#include "data/mapped_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace runner::data {
namespace {

// Resident pages of mapped files, in bytes; -1 where the kernel does not tell.
std::int64_t resident_file_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    std::int64_t kib;
    if (key == "RssFile:" && status >> kib) return kib * 1024;
  }
  return -1;
}

TEST(MappedFile, AStreamThatReleasesBehindItselfLeavesNothingMapped) {
  const test::TemporaryFolder folder;
  const auto path = folder.write("x", "");
  constexpr std::uint64_t size = 256 << 20, block = 100000;
  std::filesystem::resize_file(path, size);
  const MappedFile file(path);
  const std::int64_t before = resident_file_bytes();
  if (before < 0) GTEST_SKIP() << "no RssFile in /proc/self/status";
  int sum = 0;
  for (std::uint64_t at = 0; at < size; at += block) {
    const std::uint64_t end = std::min(size, at + block);
    for (std::uint64_t i = at; i < end; i += 1024) sum += static_cast<int>(file.data()[i]);
    file.release(at, end - at);
  }
  EXPECT_EQ(sum, 0);
  EXPECT_LT(resident_file_bytes() - before, 2 << 20);
}

}  // namespace
}  // namespace runner::data
