#include "base/colour.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

namespace runner::test {
namespace {

class Colour : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR"}) ::unsetenv(name);
    ASSERT_EQ(::pipe(pipe_), 0);
  }
  void TearDown() override {
    SetUp();
    set_colour_mode(ColourMode::automatic);
    for (const int fd : pipe_) ::close(fd);
  }
  bool allowed() const { return colour_allowed(pipe_[1]); }
  int pipe_[2] = {};
};

TEST_F(Colour, OfAPipeIsForcedByTheEnvironmentOrTheFlagOnly) {
  EXPECT_FALSE(allowed());
  ::setenv("CLICOLOR_FORCE", "0", 1);
  EXPECT_FALSE(allowed());
  ::setenv("CLICOLOR_FORCE", "1", 1);
  EXPECT_TRUE(allowed());
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(allowed());
  set_colour_mode(ColourMode::always);
  EXPECT_TRUE(allowed());
  ::unsetenv("NO_COLOR");
  set_colour_mode(ColourMode::never);
  EXPECT_FALSE(allowed());
}

TEST_F(Colour, AnEmptyNoColorIsNone) {
  ::setenv("NO_COLOR", "", 1);
  ::setenv("CLICOLOR_FORCE", "1", 1);
  EXPECT_TRUE(allowed());
}

TEST_F(Colour, IsForCellsThatAreAWordOfAState) {
  EXPECT_EQ(colour_states("FAIL  VAL A:k=0   0.003  >= 0.5\npass  B\n"),
            "\033[31mFAIL\033[0m  VAL A:k=0   0.003  >= 0.5\n\033[32mpass\033[0m  B\n");
  EXPECT_EQ(colour_states("  verdict    slow  slower than need be"),
            "  verdict    \033[33mslow\033[0m  slower than need be");
  for (const char* plain : {"", "\n\n", "one FAIL here", "a pass", "/tmp/FAIL/pass", " "})
    EXPECT_EQ(colour_states(plain), plain);
}

}  // namespace
}  // namespace runner::test
