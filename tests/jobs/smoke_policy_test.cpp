// The smoke job under each environment.openmp, its real plug-ins bringing two real copies of libomp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/json.h"
#include "openmp_scan/real_copies.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// The built program with plug-ins that each need a copy of their own; the one with both libraries needs both.
class SmokePolicy : public testing::Test {
 protected:
  void SetUp() override {
    copies_ = scan_test::make_real_copies(folder_.path());
    if (!copies_.missing.empty()) GTEST_SKIP() << copies_.missing;
    const fs::path build = RUNNER_BUILD_DIR;
    for (const char* name :
         {"runner", "librunner_core.so", "librunner_index.so", "librunner_train.so", "librunner_smoke.so"})
      fs::copy_file(build / name, folder_.path() / name);
    add_need("librunner_index.so", copies_.one);
    add_need("librunner_train.so", copies_.two);
    add_need("librunner_smoke.so", copies_.one);
    add_need("librunner_smoke.so", copies_.two);
  }

  void add_need(const std::string& plugin, const fs::path& library) {
    const auto outcome =
        scan_test::run({"patchelf", "--add-needed", library.string(), (folder_.path() / plugin).string()});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  }

  ProgramResult smoke(const std::string& policy, std::vector<std::string> more = {}) const {
    std::vector<std::string> command = {
        (folder_.path() / "runner").string(), "smoke", "--device", "cpu", "--set",
        "environment.openmp=" + policy};
    command.insert(command.end(), more.begin(), more.end());
    return run_program(command, {"", {{"KMP_DUPLICATE_LIB_OK", ""}}});
  }

  TemporaryFolder folder_;
  scan_test::RealCopies copies_;
};

std::size_t count_libomp(const Json& runtimes) {
  std::size_t count = 0;
  for (const Json& runtime : runtimes) count += runtime.at("kind") == "libomp" ? 1 : 0;
  return count;
}

TEST_F(SmokePolicy, IsolateAndAllowComputeTheSameWithOneAndTwoCopiesAProcess) {
  const ProgramResult apart = smoke("isolate", {"--json"});
  ASSERT_EQ(apart.exit_code, 0) << apart.err;
  const ProgramResult together = smoke("allow", {"--json"});
  ASSERT_EQ(together.exit_code, 0) << together.err;
  const Json a = Json::parse(apart.out), t = Json::parse(together.out);
  EXPECT_EQ(a.at("faiss"), t.at("faiss"));
  EXPECT_EQ(a.at("torch"), t.at("torch"));
  EXPECT_TRUE(a.at("passed"));
  EXPECT_EQ(count_libomp(a.at("runtimes").at("faiss")), 1U) << apart.out;
  EXPECT_EQ(count_libomp(a.at("runtimes").at("torch")), 1U) << apart.out;
  EXPECT_EQ(count_libomp(t.at("runtimes").at("both")), 2U) << together.out;
}

TEST_F(SmokePolicy, IsolateNamesTheRuntimesOfEachWorkerAndWarnsOfWhatStaysInside) {
  const ProgramResult run = smoke("isolate");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  // libgomp comes with both, so it stands in both lists.
  const std::string torch = run.out.substr(run.out.find("beside libtorch"));
  const std::size_t second = torch.find("beside FAISS");
  ASSERT_NE(second, std::string::npos) << run.out;
  EXPECT_THAT(torch.substr(0, second), HasSubstr("libgomp"));
  EXPECT_THAT(torch.substr(second), HasSubstr("libgomp"));
  EXPECT_THAT(run.err, HasSubstr("warning OpenMP: mixed"));
  EXPECT_THAT(run.err, Not(HasSubstr("warning OpenMP: duplicate")));
  EXPECT_THAT(run.out, HasSubstr("smoke: passed"));
}

TEST_F(SmokePolicy, ForbidNamesBothCopiesAndRunsNothing) {
  const ProgramResult run = smoke("forbid");
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_THAT(run.err, HasSubstr(copies_.one.string()));
  EXPECT_THAT(run.err, HasSubstr(copies_.two.string()));
  EXPECT_EQ(run.out, "");
}

}  // namespace
}  // namespace runner::test
