// Exit codes stand in src/base/error.h; scripts and README.md have them again, for those who have no program
// yet.
#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

// A code that is added has no name here: the compiler says so. "" for what is none.
std::string name_of(ExitCode code) {
  switch (code) {
    case ExitCode::done:
      return "DONE";
    case ExitCode::failed:
      return "FAILED";
    case ExitCode::usage:
      return "USAGE";
    case ExitCode::data:
      return "DATA";
    case ExitCode::environment:
      return "ENVIRONMENT";
    case ExitCode::gate:
      return "GATE";
    case ExitCode::interrupted:
      return "INTERRUPTED";
    case ExitCode::terminated:
      return "TERMINATED";
  }
  return "";
}

const std::filesystem::path source = RUNNER_SOURCE_DIR;

TEST(ExitCodes, AreTheSameInTheScripts) {
  std::map<std::string, int> ours, theirs;
  for (int code = 0; code < 256; ++code)
    if (const std::string name = name_of(static_cast<ExitCode>(code)); !name.empty()) ours[name] = code;
  const std::string text = file_contents(source / "scripts/common.sh");
  const std::regex assignment(R"(\bEXIT_([A-Z]+)=([0-9]+))");
  for (std::sregex_iterator it(text.begin(), text.end(), assignment), end; it != end; ++it)
    theirs[(*it)[1]] = std::stoi((*it)[2]);
  EXPECT_EQ(theirs, ours);
}

TEST(ExitCodes, EachHasARowInTheReadme) {
  const std::string readme = file_contents(source / "README.md");
  const std::string table = readme.substr(readme.find("## Exit codes"));
  for (int code = 0; code < 256; ++code) {
    if (name_of(static_cast<ExitCode>(code)).empty()) continue;
    const std::regex row("\n\\| ([0-9]+, )?" + std::to_string(code) + "(, [0-9]+)? \\|");
    EXPECT_TRUE(std::regex_search(table, row)) << code;
  }
}

}  // namespace
}  // namespace runner::test
