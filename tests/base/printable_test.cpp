#include "base/printable.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace runner {
namespace {

TEST(Printable, LeavesTextAlone) {
  const std::string text = "Überschrift – 東京 \xF0\x9F\x98\x80\ttab\nline \\x1b";
  EXPECT_EQ(printable(text), text);
}

TEST(Printable, ShowsWhatWouldCommandATerminal) {
  EXPECT_EQ(printable("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "\\x9b2J")
      << "CSI as one character";
  EXPECT_EQ(printable("\x9B"
                      "2J"),
            "\\x9b2J")
      << "and as a byte";
  EXPECT_EQ(printable("a\rb\bc\x7F"), "a\\x0db\\x08c\\x7f");
  EXPECT_EQ(printable(std::string("nul\0", 4)), "nul\\x00");
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "gpj.exe"),
            "\\u202egpj.exe");
  EXPECT_EQ(printable("\xFF\xC3"), "\\xff\\xc3");
}

TEST(Printable, CanKeepALineOne) {
  EXPECT_EQ(printable("a\nb", LineBreaks::escape), "a\\nb");
  EXPECT_EQ(RunError("went wrong", "x\n12:00:00 info all is well").line(),
            "x\\n12:00:00 info all is well: went wrong");
}

}  // namespace
}  // namespace runner
