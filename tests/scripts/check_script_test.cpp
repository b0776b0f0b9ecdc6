// scripts/check.sh in a small tree of its own: what CONTRIBUTING.md rules out is found, with its place.

#include <gmock/gmock.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CheckScript : public testing::Test {
 protected:
  CheckScript() {
    fs::create_directories(tree_ / "scripts");
    for (const char* name : {"check.sh", "common.sh", "layers.txt"})
      fs::copy(fs::path(RUNNER_SOURCE_DIR) / "scripts" / name, tree_.path() / "scripts" / name);
    for (const char* name : {".clang-format", ".shellcheckrc"})
      fs::copy(fs::path(RUNNER_SOURCE_DIR) / name, tree_.path() / name);
    fs::permissions(tree_.write(".ci/run", "#!/bin/sh\n"), fs::perms::owner_all);
    run_program({"git", "init", "-q", tree_.path().string()});
    add("src/base/error.h", "#pragma once\n");
    add("src/base/error.cpp", "#include \"base/error.h\"\n");
    add("tests/base/error_test.cpp", "TEST(Error, Says) {\n  EXPECT_TRUE(true);\n}\n");
    name_in_cmake("src", "error.cpp");
    name_in_cmake("tests", "error_test.cpp");
  }

  void add(const std::string& path, const std::string& text) { tree_.write(path, text); }
  void name_in_cmake(const std::string& folder, const std::string& file) {
    std::ofstream(tree_ / (folder + "/CMakeLists.txt"), std::ios::app) << file << "\n";
  }
  ProgramResult check(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> command = {(tree_ / "scripts/check.sh").string()};
    command.insert(command.end(), flags.begin(), flags.end());
    return run_program(command);
  }
  void expect_finding(const std::string& line, const std::vector<std::string>& flags = {}) {
    const ProgramResult result = check(flags);
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_THAT(result.out, HasSubstr(line));
    EXPECT_THAT(result.err, HasSubstr("1 found in "));
  }

  TemporaryFolder tree_;
};

TEST_F(CheckScript, FindsNothingInACleanTree) {
  const ProgramResult result = check();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("nothing found in 3 files"), Not(HasSubstr(": 1"))));
}

TEST_F(CheckScript, FindsALayerThatLooksUp) {
  add("src/base/error.cpp", "#include \"base/error.h\"\n#include \"models/model.h\"\n");
  expect_finding("src/base/error.cpp:2: src/base may not include src/models");
}

TEST_F(CheckScript, FindsAFolderThatTheTableDoesNotKnow) {
  add("src/novel/thing.h", "#include \"base/error.h\"\n");
  expect_finding("src/novel/thing.h:1: src/novel has no line in scripts/layers.txt");
}

TEST_F(CheckScript, FindsASourceThatLeavesOutItsHeader) {
  add("src/base/error.cpp", "int x;\n");
  expect_finding("src/base/error.cpp:1: the header of its name, base/error.h, is not its first include");
}

TEST_F(CheckScript, FindsASourceThatIncludesAnotherHeaderBeforeItsOwn) {
  add("src/base/error.cpp", "#include <string>\n\n#include \"base/error.h\"\n");
  expect_finding("src/base/error.cpp:1: the header of its name, base/error.h, is not its first include");
}

TEST_F(CheckScript, FindsASourceWithoutAHeaderOfItsName) {
  add("src/base/reason.cpp", "#include \"base/error.h\"\n");
  name_in_cmake("src", "reason.cpp");
  expect_finding("src/base/reason.cpp:1: has no header of its name, src/base/reason.h");
}

TEST_F(CheckScript, AcceptsAPartOfAHeadersCodeAndEntryPoints) {
  add("src/base/error_words.cpp", "#include \"base/error.h\"\n");
  add("src/cli/main.cpp", "int main() {}\n");
  add("jobs/train/plugin.cpp", "int x;\n");
  for (const char* file : {"error_words.cpp", "main.cpp", "plugin.cpp"}) name_in_cmake("src", file);
  const ProgramResult result = check();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST_F(CheckScript, FindsAPartThatIncludesAnotherHeaderFirst) {
  add("src/base/error_words.cpp", "#include \"base/log.h\"\n\n#include \"base/error.h\"\n");
  name_in_cmake("src", "error_words.cpp");
  expect_finding(
      "src/base/error_words.cpp:1: the header of its name, base/error.h, is not its first include");
}

TEST_F(CheckScript, FindsAFileThatNobodyBuilds) {
  add("src/base/forgotten.h", "#pragma once\n");
  add("src/base/forgotten.cpp", "#include \"base/forgotten.h\"\n");
  expect_finding("src/base/forgotten.cpp:1: no CMakeLists.txt names this file");
}

TEST_F(CheckScript, FindsAFileOfMoreThanOneRoom) {
  std::string text = "#pragma once\n";
  for (int i = 0; i < 300; ++i) text += "int variable_" + std::to_string(i) + ";\n";
  add("src/base/error.h", text);
  expect_finding("src/base/error.h:301: more than 300 lines");
}

TEST_F(CheckScript, FindsATestThatExpectsNothing) {
  add("tests/base/error_test.cpp",
      "void look() {\n  EXPECT_TRUE(true);\n}\nTEST(Error, Looks) {\n  look();\n}\nTEST(Error, Idles) {}\n");
  expect_finding("tests/base/error_test.cpp:7: TEST(Error, Idles) expects nothing");
}

TEST_F(CheckScript, FindsJsonThatIsReadByHand) {
  add("src/base/error.cpp", "#include \"base/error.h\"\nint x = json.at(\"step\");\n");
  expect_finding("src/base/error.cpp:2: reads JSON by hand");
}

TEST_F(CheckScript, FindsWhatIsLeftUndone) {
  add("src/base/error.h",
      "#pragma once\n// TO"
      "DO: more\n");
  run_program({"git", "-C", tree_.path().string(), "add", "-A"});
  expect_finding("src/base/error.h:2:");
}

TEST_F(CheckScript, FindsAnotherFormat) {
  if (run_program({"sh", "-c", "clang-format --version | grep -q 'version 14'"}).exit_code != 0)
    GTEST_SKIP() << "no clang-format 14";
  add("src/base/error.h", "#pragma once\nint   x;\n");
  expect_finding("src/base/error.h:2: clang-format would change this line");
}

TEST_F(CheckScript, FindsWhatShellcheckSays) {
  if (!has_program("shellcheck")) GTEST_SKIP() << "no shellcheck";
  add("scripts/odd.sh", "#!/bin/sh\necho $1\n");
  expect_finding("scripts/odd.sh:2:");
}

// A variable that is moved from and then read, in a file that CMake knows and puts together with others.
TEST_F(CheckScript, FindsWhatClangTidySays) {
  for (const char* program : {"run-clang-tidy", "cmake", "ninja"})
    if (!has_program(program)) GTEST_SKIP() << "no " << program;
  for (const char* name : {".clang-tidy", "CMakePresets.json"})
    fs::copy(fs::path(RUNNER_SOURCE_DIR) / name, tree_.path() / name);
  add("CMakeLists.txt",
      "cmake_minimum_required(VERSION 3.22)\nproject(small CXX)\nadd_subdirectory(src)\n"
      "add_custom_target(runner_build_facts)\n");
  add("src/CMakeLists.txt",
      "add_library(core base/error.cpp base/reason.cpp)\ntarget_include_directories(core PRIVATE .)\n"
      "set_target_properties(core PROPERTIES UNITY_BUILD ON)\n");
  add("src/base/reason.h", "#pragma once\n#include <string>\nstd::size_t length_after(std::string text);\n");
  const std::string head =
      "#include \"base/reason.h\"\n\n#include <utility>\n\nstd::size_t length_after(std::string text) {\n";
  add("src/base/reason.cpp",
      head + "  const std::string taken = std::move(text);\n  return taken.size();\n}\n");
  EXPECT_EQ(check({"--tidy"}).exit_code, 0);
  add("src/base/reason.cpp",
      head + "  const std::string taken = std::move(text);\n  return taken.size() + text.size();\n}\n");
  expect_finding("src/base/reason.cpp:7: 'text' used after it was moved", {"--tidy"});
}

}  // namespace
}  // namespace runner::test
