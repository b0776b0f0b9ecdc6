#include "base/shell_quote.h"

#include <gtest/gtest.h>

#include "support/run_program.h"

namespace runner {
namespace {

TEST(ShellQuoted, ComesThroughAShellAsItWas) {
  for (const std::string word :
       {"", "plain", "a b", "it's", "$HOME", "`id`", "a;b", "*", "~", "=ls", "\\", "\"x\"", "a\nb", "#x",
        "!x", "{timestamp}", "model.layers=2", "[1,2]", "\xff"}) {
    const auto printed = test::run_program({"sh", "-c", "printf %s " + shell_quoted(word)});
    EXPECT_EQ(printed.out, word);
  }
}

TEST(ShellQuoted, LeavesPlainWordsPlain) {
  for (const std::string word : {"configs/p6b_v23.yaml", "--set", "train.epochs=3", "5e-4"})
    EXPECT_EQ(shell_quoted(word), word);
}

}  // namespace
}  // namespace runner
