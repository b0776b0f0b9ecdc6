#include "base/append_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace runner {
namespace {

std::string append_refusal(const std::filesystem::path& path) {
  try {
    AppendFile(path).add("ours\n");
  } catch (const RunError& error) {
    return error.what();
  }
  return "written";
}

TEST(AppendFile, GoesOnBehindWhatIsThere) {
  const test::TemporaryFolder folder;
  AppendFile(folder / "file").add("one\n");
  AppendFile(folder / "file").add("two\n");
  EXPECT_EQ(test::file_contents(folder / "file"), "one\ntwo\n");
}

TEST(AppendFile, WritesToNothingButARegularFile) {
  const test::TemporaryFolder folder;
  folder.write("theirs", "notes\n");
  std::filesystem::create_symlink(folder / "theirs", folder / "link");
  std::filesystem::create_symlink(folder / "nothing", folder / "dangling");
  ::mkfifo((folder / "fifo").c_str(), 0644);
  EXPECT_EQ(append_refusal(folder / "link"), "is a link; only a regular file is written to");
  EXPECT_EQ(append_refusal(folder / "dangling"), "is a link; only a regular file is written to");
  EXPECT_EQ(append_refusal(folder / "fifo"), "is a fifo; only a regular file is written to");
  EXPECT_EQ(append_refusal("/dev/full"), "is a device; only a regular file is written to");
  EXPECT_EQ(test::file_contents(folder / "theirs"), "notes\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "nothing"));
}

}  // namespace
}  // namespace runner
