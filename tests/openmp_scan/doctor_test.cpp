// The command: table, JSON, exit codes.
#include "cli/doctor.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/json.h"
#include "openmp_scan/fixture.h"
#include "openmp_scan/loader/lsof.h"

namespace scan_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

struct Said {
  int code = 0;
  std::string output;
  runner::Json json() const {
    const std::size_t end = output.find_last_not_of('\n'), begin = output.rfind('\n', end);
    return runner::Json::parse(output.substr(begin == std::string::npos ? 0 : begin + 1));
  }
};

Said doctor(std::vector<std::string> words) {
  words.insert(words.begin(), "doctor");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  Said said;
  ::testing::internal::CaptureStdout();
  try {
    said.code = runner::cli::doctor_command(static_cast<int>(words.size()), argv.data());
  } catch (...) {
    ::testing::internal::GetCapturedStdout();
    throw;
  }
  std::fflush(stdout);
  said.output = ::testing::internal::GetCapturedStdout();
  return said;
}

class DoctorTest : public ScanTest {
 protected:
  void SetUp() override {
    ScanTest::SetUp();
    ::setenv("RUNNER_CACHE_DIR", at("cache").c_str(), 1);
    elf("a/libomp-aaaa0001.so", {.soname = "libomp-aaaa0001.so", .defined = llvm_symbols()});
    elf("a/x.so", {.needed = {"libomp-aaaa0001.so"}, .runpath = "$ORIGIN"});
    elf("b/libomp-bbbb0002.so", {.soname = "libomp-bbbb0002.so", .defined = llvm_symbols()});
    elf("b/y.so", {.needed = {"libomp-bbbb0002.so"}, .runpath = "$ORIGIN"});
  }
  void TearDown() override {
    ::unsetenv("RUNNER_CACHE_DIR");
    ScanTest::TearDown();
  }
};

}  // namespace

TEST_F(DoctorTest, StrictExitsFourForADuplicateAndZeroForOne) {
  EXPECT_EQ(doctor({at("a/x.so")}).code, 0);
  EXPECT_EQ(doctor({"--strict", at("a/x.so")}).code, 0);
  EXPECT_EQ(doctor({at("a/x.so"), at("b/y.so")}).code, 0);
  EXPECT_EQ(doctor({"--strict", at("a/x.so"), at("b/y.so")}).code, 4);
  EXPECT_EQ(doctor({"--strict", "--json", at("a"), at("b")}).code, 4);
}

TEST_F(DoctorTest, TheJsonHasTheShapeThatProgramsReadOn) {
  const runner::Json all = doctor({"--json", at("a/x.so"), at("b/y.so")}).json();
  EXPECT_EQ(all["verdict"], "duplicate");
  ASSERT_EQ(all["sets"].size(), 1U);
  const runner::Json& set = all["sets"][0];
  EXPECT_EQ(set["members"].size(), 2U);
  EXPECT_EQ(set["verdict"], "duplicate");
  EXPECT_FALSE(set["advice"].empty());
  EXPECT_TRUE(set["blas"].is_array());
  ASSERT_EQ(set["runtimes"].size(), 2U);
  const runner::Json& second = set["runtimes"][1];
  EXPECT_EQ(second["kind"], "libomp");
  EXPECT_EQ(second["path"], at("b/libomp-bbbb0002.so"));
  EXPECT_EQ(second["static"], false);
  EXPECT_TRUE(second["version"].is_string());
  EXPECT_EQ(second["needed_by"], runner::Json::array({at("b/y.so")}));
}

TEST_F(DoctorTest, TheTableNamesBothPathsTheChainAndTheFix) {
  const Said said = doctor({at("a"), at("b")});
  for (const std::string& part :
       {at("a/libomp-aaaa0001.so"), at("b/libomp-bbbb0002.so"), std::string("needed by y.so"),
        std::string("OMP: Error #15"), std::string("fix: "), std::string("duplicate")})
    EXPECT_THAT(said.output, HasSubstr(part));
  EXPECT_THAT(said.output, ::testing::Not(HasSubstr("\033["))) << "colour only on a terminal";
}

TEST_F(DoctorTest, ACopyThatNothingNeedsIsSaidToBeLoadedByItsPath) {
  EXPECT_THAT(doctor({at("a/libomp-aaaa0001.so")}).output, HasSubstr("aaaa0001.so  (loaded by its path)"));
  EXPECT_THAT(doctor({at("a/x.so")}).output, ::testing::Not(HasSubstr("loaded by its path")));
}

TEST_F(DoctorTest, BrokenFilesAreLinesAndNoErrors) {
  write(folder / "c" / "cut.so", "\177ELF\2");
  const Said said = doctor({at("c")});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.output, HasSubstr("cut.so: truncated"));
  EXPECT_THAT(doctor({"--json", at("c/cut.so")}).json()["sets"][0]["warnings"].dump(),
              HasSubstr("truncated"));
}

TEST_F(DoctorTest, MistakesOnTheCommandLineAreUsageErrors) {
  EXPECT_THROW(doctor({at("nowhere")}), runner::UsageError);
  EXPECT_THROW(doctor({"--strickt"}), runner::UsageError);
  EXPECT_THROW(doctor({"--pid", "1", at("a")}), runner::UsageError);
  EXPECT_THROW(doctor({"--pid", "x"}), runner::UsageError);
  EXPECT_THROW(doctor({"--pid", "999999999"}), runner::EnvironmentError);
}

TEST_F(DoctorTest, HelpHasExamples) {
  const Said said = doctor({"--help"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.output, HasSubstr("runner doctor --pid 4711"));
}

TEST_F(DoctorTest, AProcessIsShownWithItsThreadsAndVariables) {
  const runner::Json all = doctor({"--json", "--pid", std::to_string(::getpid())}).json();
  EXPECT_EQ(all["process"]["pid"], ::getpid());
  EXPECT_GE(all["process"]["threads"].get<int>(), 1);
  EXPECT_EQ(all["sets"].size(), 1U);
}

TEST_F(DoctorTest, WithoutArgumentsTheMachineIsReported) {
  const runner::Json all = doctor({"--json"}).json();
  EXPECT_GE(all["machine"]["cores"].get<int>(), 1);
  EXPECT_GE(all["machine"]["threads"].get<int>(), 1);
  EXPECT_FALSE(all["machine"]["devices"].empty());
}

TEST(Lsof, MappedFilesAreTheTextEntries) {
  EXPECT_THAT(
      runner::runtime::mapped_from_lsof(
          "p42\nfcwd\nn/Users/x\nftxt\nn/opt/bin/python\nftxt\nn/opt/lib/libomp.dylib\nf0\nn/dev/tty\n"),
      ElementsAre("/opt/bin/python", "/opt/lib/libomp.dylib"));
}

}  // namespace scan_test
