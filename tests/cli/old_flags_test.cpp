// The old trainer's flags: which shipped config they name, and what is said when they name none.
#include <gtest/gtest.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

struct Refused {
  const char* name;
  std::vector<std::string> flags;
  std::string message;  // a part of stderr
};

class OldFlags : public testing::TestWithParam<Refused> {};

TEST_P(OldFlags, SayWhatIsWrongAndWhatThereIs) {
  std::vector<std::string> command = {"train"};
  command.insert(command.end(), GetParam().flags.begin(), GetParam().flags.end());
  const ProgramResult result = run_runner(command, {.folder = RUNNER_SOURCE_DIR, .environment = {}});
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_NE(result.err.find(GetParam().message), std::string::npos)
      << "expected: " << GetParam().message << "\ngot: " << result.err;
}

INSTANTIATE_TEST_SUITE_P(
    Train, OldFlags,
    testing::Values(
        Refused{"VersionWithoutConfig",
                {"--version", "p6b"},
                "--version p6b: --config is missing; version p6b has v1, v21, v22, v23: --version p6b "
                "--config v23"},
        Refused{"UnknownModel",
                {"--model", "foo", "--version", "mse"},
                "--model foo: no such model; there are transformer, lstm, gru, amn"},
        Refused{"UnknownModelAlone",
                {"--model", "foo"},
                "--model foo: no such model; there are transformer, lstm, gru, amn"},
        Refused{"UnknownVersion", {"--version", "p7"}, "--version p7: no such version; there are mse, p6b"},
        Refused{"UnknownConfig",
                {"--version", "p6b", "--config", "v9"},
                "--config v9: no such config; version p6b has v1, v21, v22, v23"},
        Refused{"ConfigAlone",
                {"--config", "v9"},
                "--config v9: no such config; version p6b has v1, v21, v22, v23"},
        Refused{
            "ConfigOfAVersionWithoutAny",
            {"--version", "mse", "--config", "v23"},
            "--config v23: version mse has a config for each --model (amn, gru, lstm, transformer) and takes "
            "no --config"}),
    [](const auto& info) { return info.param.name; });

TEST(OldForm, WithoutShippedConfigsAsksForAPath) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_runner({"train", "--version", "p6b"}, {.folder = folder.path().string(), .environment = {}});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("give CONFIG by path"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace runner::test
