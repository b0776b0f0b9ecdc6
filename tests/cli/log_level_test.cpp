// RUNNER_LOG: whatever it says, an error is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// An input that the worker refuses.
ProgramResult fail_with(const std::string& level, const std::vector<std::string>& flags = {}) {
  const TemporaryFolder folder;
  folder.write("broken.npy", "not an array");
  folder.write("x.yaml", "job: index\ninput: {vectors: broken.npy}\noutput: x.index\n");
  std::vector<std::string> words = {"index", "x.yaml"};
  words.insert(words.end(), flags.begin(), flags.end());
  return run_runner(words, {folder.path().string(),
                            {{"RUNNER_LOG", level}, {"RUNNER_CACHE_DIR", (folder / "cache").string()}}});
}

TEST(LogLevel, IsReadWhateverItsCase) {
  for (const char* level : {"INFO", "Warn", "WARNING", "error", "ERR", "Debug", "trace"}) {
    const ProgramResult result = fail_with(level);
    EXPECT_EQ(result.exit_code, 3) << level;
    EXPECT_THAT(result.err, HasSubstr("broken.npy")) << level;
    EXPECT_THAT(result.err, Not(HasSubstr("RUNNER_LOG"))) << level;
  }
  EXPECT_THAT(fail_with("DEBUG").err, HasSubstr(" debug "));
}

TEST(LogLevel, ThatIsNoneIsSaidOnceAndIgnored) {
  for (const char* level : {"off", "inf", "verbose", "2", "info,debug", " "}) {
    const ProgramResult result = fail_with(level);
    EXPECT_EQ(result.exit_code, 3) << level;
    EXPECT_THAT(result.err, HasSubstr("broken.npy")) << level;
    const std::string warning =
        std::string("RUNNER_LOG=") + level + ": no such level, ignored; expected debug, ";
    const std::size_t at = result.err.find(warning);
    ASSERT_NE(at, std::string::npos) << result.err;
    EXPECT_EQ(result.err.find(warning, at + 1), std::string::npos) << result.err;
  }
}

}  // namespace
}  // namespace runner::test
