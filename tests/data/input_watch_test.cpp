#include "data/input_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "make_files.h"

namespace runner::data {
namespace {
namespace fs = std::filesystem;

// Writes into the file that is there, a clock tick or more after it was made.
void overwrite(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
}

TEST(InputWatch, NoticesAFileThatIsOverwrittenInPlace) {
  const test::TemporaryFolder folder;
  for (const char* text : {"abx", "longer than before", ""}) {
    const std::string path = folder.write("x", "abc").string();
    InputWatch watch({path});
    watch.set_hashes({hash_file(path)});
    watch.check();
    overwrite(path, text);
    EXPECT_THAT(test::message_of<DataError>([&] { watch.check(); }),
                testing::HasSubstr(path + ": was overwritten while this job read it (3 bytes"));
  }
}

TEST(InputWatch, TheSameBytesAgainAreTheSameFile) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("x", "abc").string();
  InputWatch watch({path});
  watch.set_hashes({hash_file(path)});
  overwrite(path, "abc");
  EXPECT_NO_THROW(watch.check());
}

// The opened file stays as it was: a nightly job that renames its new file into place ends no training.
TEST(InputWatch, AReplacedOrRemovedFileIsNoOverwrittenOne) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("x", "abc").string();
  InputWatch watch({path});
  folder.write("new", "other bytes");
  fs::rename(folder / "new", path);
  EXPECT_NO_THROW(watch.check());
  overwrite(path, "more");
  EXPECT_NO_THROW(watch.check());
  fs::remove(path);
  EXPECT_NO_THROW(watch.check());
}

}  // namespace
}  // namespace runner::data
