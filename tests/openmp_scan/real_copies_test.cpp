// Two real copies of libomp in one process: what happens, and that the scan says so beforehand.
#include "openmp_scan/real_copies.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "openmp_scan/fixture.h"
#include "openmp_scan/loader/loaded.h"
#include "openmp_scan/loader/process.h"
#include "openmp_scan/verdict/policy.h"

namespace scan_test {

using namespace runner::runtime;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

class TwoRealCopies : public ScanTest {
 protected:
  void SetUp() override {
    ScanTest::SetUp();
    copies = make_real_copies(folder);
    if (!copies.missing.empty()) GTEST_SKIP() << copies.missing;
  }
  RealCopies copies;
};

}  // namespace

TEST_F(TwoRealCopies, AbortWithoutTheVariableAndTheScanForetellsIt) {
  const ScanResult before = runner::runtime::scan({copies.liba, copies.libb}, options);
  EXPECT_EQ(before.verdict, Verdict::duplicate);
  EXPECT_THAT(paths(before), ElementsAre(copies.one.string(), copies.two.string()));
  EXPECT_THAT(before.runtimes.at(1).needed_by, ElementsAre(copies.libb.string()));
  EXPECT_EQ(before.runtimes.at(0).kind, RuntimeKind::libomp);
  EXPECT_FALSE(before.runtimes.at(0).version.empty());

  const Outcome outcome = run({copies.host, copies.liba, copies.libb});
  EXPECT_EQ(outcome.exit_code, 134) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("OMP: Error #15"));
}

TEST_F(TwoRealCopies, RunWithTheVariable) {
  const Outcome outcome =
      run({copies.host, copies.liba, copies.libb}, {"KMP_DUPLICATE_LIB_OK=TRUE", "OMP_NUM_THREADS=2"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("ready"));
}

TEST_F(TwoRealCopies, WhatPeopleTryInsteadStillAborts) {
  EXPECT_EQ(run({copies.host, copies.libb, copies.liba}).exit_code, 134) << "another order";
  EXPECT_EQ(run({copies.host, copies.liba, copies.libb}, {"OMP_NUM_THREADS=1"}).exit_code, 134)
      << "one thread";
}

TEST_F(TwoRealCopies, OneAloneIsGoodForBoth) {
  EXPECT_EQ(runner::runtime::scan({copies.liba}, options).verdict, Verdict::one);
  EXPECT_EQ(run({copies.host, copies.liba}).exit_code, 0);
}

TEST_F(TwoRealCopies, ASecondCopyOfOneSonameComesByPathOnly) {
  // The loader goes by soname: a library that needs libomp.so.5 takes the one that is there.
  const fs::path other = folder / "other" / "libomp.so.5";
  fs::create_directories(other.parent_path());
  fs::copy_file(copies.one, other);
  const ScanResult by_path = runner::runtime::scan({copies.liba, other}, options);
  EXPECT_EQ(by_path.verdict, Verdict::duplicate);
  const ScanResult by_soname = runner::runtime::scan({other, copies.liba}, options);
  EXPECT_EQ(by_soname.verdict, Verdict::one);
  EXPECT_EQ(run({"sh", "-c",
                 "LD_PRELOAD=" + other.string() + " " + copies.host.string() + " " + copies.liba.string()})
                .exit_code,
            0);
}

TEST_F(TwoRealCopies, APreloadedCopyIsForetold) {
  options.environment["LD_PRELOAD"] = copies.two.string();
  const ScanResult result = runner::runtime::scan({copies.liba}, options);
  EXPECT_EQ(result.verdict, Verdict::duplicate);
  EXPECT_TRUE(result.from_preload);
  EXPECT_EQ(decide(Policy::isolate, result.verdict, result.verdict, result.from_preload), Action::refuse);
}

TEST_F(TwoRealCopies, ARunningProcessThatHoldsBothIsSeenThrough) {
  const Background process({copies.host, copies.liba, copies.libb, "--wait"},
                           {"KMP_DUPLICATE_LIB_OK=TRUE", "OMP_NUM_THREADS=2"});
  ASSERT_TRUE(process.ready());
  const ProcessView view = look_at(process.pid());
  EXPECT_THAT(view.command, HasSubstr("host"));
  EXPECT_GE(view.threads.total, 2U);
  EXPECT_EQ(relevant(view.environment).at("KMP_DUPLICATE_LIB_OK"), "TRUE");
  const ScanResult result = scan_process(process.pid());
  EXPECT_EQ(result.verdict, Verdict::duplicate);
  EXPECT_THAT(paths(result), ::testing::UnorderedElementsAre(copies.one.string(), copies.two.string()));
  for (const Runtime& r : result.runtimes) ASSERT_FALSE(r.needed_by.empty()) << r.path;
}

TEST_F(TwoRealCopies, ACopyThatIsDeletedMeanwhileIsStillKnown) {
  const Background process({copies.host, copies.liba, copies.libb, "--wait"},
                           {"KMP_DUPLICATE_LIB_OK=TRUE", "OMP_NUM_THREADS=2"});
  ASSERT_TRUE(process.ready());
  fs::remove(copies.two);
  const ScanResult result = scan_process(process.pid());
  EXPECT_EQ(result.verdict, Verdict::duplicate);
  EXPECT_TRUE(mentions(result.problems, "deleted or replaced"));
}

TEST(Process, AnAbsentOneIsAnErrorOfTheEnvironment) {
  EXPECT_THROW(look_at(0), runner::EnvironmentError);
  EXPECT_THROW(look_at(-5), runner::EnvironmentError);
  EXPECT_THROW(look_at(999999999), runner::EnvironmentError);
}

TEST(AfterLoading, WhatIsMappedAgreesWithTheScanOfTheProgram) {
  const ScanResult loaded = scan_loaded();
  ScanOptions options;
  options.use_cache = false;
  const ScanResult predicted = runner::runtime::scan({"/proc/self/exe"}, options);
  EXPECT_TRUE(differences(predicted, loaded).empty());
  ScanResult other = predicted;
  other.runtimes.emplace_back().path = "/nowhere/libomp.so.5";
  ASSERT_EQ(differences(other, loaded).size(), 1U);
  EXPECT_TRUE(
      mentions(differences(other, loaded), "foreseen by the scan, but not loaded: /nowhere/libomp.so.5"));
  EXPECT_TRUE(mentions(differences(loaded, other), "not foreseen by the scan"));
}

}  // namespace scan_test
