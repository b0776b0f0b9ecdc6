#include "data/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <memory>

#include "data/samples/vectors.h"
#include "make_files.h"

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

TEST(MappedFile, RowsPickedInAnyOrderLeaveNothingMapped) {
  const test::TemporaryFolder folder;
  const std::int64_t rows = 20000, width = 768;
  const Vectors vectors(test::write_vectors(folder / "x.npz", width, {}, rows));  // 61 MB
  const std::int64_t before = resident_file_bytes();
  if (before < 0) GTEST_SKIP() << "no RssFile in /proc/self/status";
  std::vector<float> row(static_cast<std::size_t>(width));
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t wanted = i * 7919 % rows;
    vectors.gather(&wanted, 1, row.data());
    ASSERT_EQ(row[0], static_cast<float>(wanted + 1));
  }
  EXPECT_LT(resident_file_bytes() - before, 2 << 20);
}

TEST(MappedFile, AFileCutShortUnderAReaderIsAnErrorThatNamesIt) {
  const test::TemporaryFolder folder;
  const MappedFile file(folder.write("x", std::string(100000, 'x')));
  std::string bytes(50000, '\0');
  file.read(50000, bytes.data(), bytes.size());
  EXPECT_EQ(bytes, std::string(50000, 'x'));
  std::filesystem::resize_file(folder / "x", 60000);
  EXPECT_THAT(test::message_of<DataError>([&] { file.read(50000, bytes.data(), bytes.size()); }),
              ::testing::HasSubstr("x: it has become shorter"));
}

TEST(MappedFile, ReadsFromThousandsOfFilesAtOnce) {
  const test::TemporaryFolder folder;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{std::min<rlim_t>(before.rlim_cur, 256), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<std::unique_ptr<MappedFile>> files;
  for (int i = 0; i < 2000; ++i)
    files.push_back(std::make_unique<MappedFile>(folder.write(std::to_string(i), std::to_string(i))));
  ::setrlimit(RLIMIT_NOFILE, &before);
  for (int i = 0; i < 2000; i += 97) {
    std::string bytes(files[static_cast<std::size_t>(i)]->size(), '\0');
    files[static_cast<std::size_t>(i)]->read(0, bytes.data(), bytes.size());
    EXPECT_EQ(bytes, std::to_string(i));
  }
}

}  // namespace
}  // namespace runner::data
