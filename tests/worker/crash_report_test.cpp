#include "worker/supervise/crash_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "environment/native_features.h"
#include "worker/launch/launch_parts.h"
#include "worker/supervise/omp_errors.h"
#include "worker/supervise/stacks.h"

namespace runner::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

CrashFacts killed_by(int signal) {
  CrashFacts facts;
  facts.job = "train";
  facts.phase = "train epoch 3";
  facts.step = 120;
  facts.ending.signal = signal;
  facts.loaded = true;
  return facts;
}

TEST(CrashReport, NamesSignalPhaseStepAndLibraries) {
  CrashFacts facts = killed_by(SIGABRT);
  facts.libraries = Json::parse(R"({"verdict": "duplicate",
    "runtimes": [{"kind": "libomp", "version": "14", "path": "/a/libomp.so.5"}, {"kind": "libomp", "path": "/b/libomp.so"}],
    "blas": [{"kind": "OpenBLAS", "threads": "pthread", "path": "/c/libopenblas.so.0"}]})");
  const std::string text = crash_report(facts);
  EXPECT_THAT(text, HasSubstr("the worker of train was killed by SIGABRT"));
  EXPECT_THAT(text, HasSubstr("in phase \"train epoch 3\", step 120"));
  EXPECT_THAT(text, HasSubstr("libomp 14 (/a/libomp.so.5)"));
  EXPECT_THAT(text, HasSubstr("OpenBLAS-pthread (/c/libopenblas.so.0)"));
  EXPECT_THAT(text, HasSubstr("environment.openmp: isolate keeps them apart"));
}

TEST(CrashReport, DoesNotBlameOpenMpWhereOneRuntimeIsLoaded) {
  CrashFacts facts = killed_by(SIGSEGV);
  facts.libraries = Json::parse(R"({"verdict": "one", "runtimes": [], "blas": []})");
  EXPECT_THAT(crash_report(facts), Not(HasSubstr("isolate")));
}

TEST(CrashReport, SaysWhatEachSignalMeans) {
  EXPECT_THAT(crash_report(killed_by(SIGKILL)), HasSubstr("memory ran out"));
  EXPECT_THAT(crash_report(killed_by(SIGILL)), HasSubstr("RUNNER_NATIVE"));
  EXPECT_THAT(crash_report(killed_by(SIGBUS)), HasSubstr("memory-mapped file"));
  EXPECT_THAT(crash_report(killed_by(77)), HasSubstr("signal 77"));
}

TEST(CrashReport, BlamesTheFileThatWasMappedOrReadOnTrust) {
  CrashFacts facts = killed_by(SIGBUS);
  EXPECT_FALSE(blames_input(facts));
  facts.input = "x.index";
  EXPECT_TRUE(blames_input(facts));
  EXPECT_THAT(crash_line(facts), testing::StartsWith("x.index: it became shorter"));
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE}) {
    facts.ending.signal = signal;
    facts.input_use = InputUse::mapped;
    EXPECT_FALSE(blames_input(facts)) << "no library reads it";
    for (const InputUse use : {InputUse::parsed, InputUse::trusted}) {
      facts.input_use = use;
      EXPECT_TRUE(blames_input(facts));
      EXPECT_THAT(crash_line(facts), testing::StartsWith("x.index: the library that reads it crashed"));
    }
  }
  facts.ending.signal = SIGKILL;  // memory ran out, or somebody's hand
  EXPECT_FALSE(blames_input(facts));
  facts.ending.stalled = true;
  EXPECT_THAT(crash_line(facts), HasSubstr("never came to an end"));
  facts.input_use = InputUse::parsed;  // merely slow
  EXPECT_FALSE(blames_input(facts));
}

TEST(CrashReport, SurvivesLibrariesThatAreNotWhatIsExpected) {
  CrashFacts facts = killed_by(SIGSEGV);
  for (const char* odd : {"null", "[]", "3", R"({"runtimes": 7})", R"({"runtimes": [1, {"kind": 2}]})"}) {
    facts.libraries = Json::parse(odd);
    EXPECT_THAT(crash_report(facts), HasSubstr("SIGSEGV")) << odd;
  }
}

TEST(ReadableFrame, ShortensAndDemangles) {
  EXPECT_EQ(readable_frame("/usr/lib/libfoo.so.1(_ZN6runner7versionEv+0x12)[0x7f00]"),
            "libfoo.so.1: runner::version()+0x12");
  EXPECT_EQ(readable_frame("/usr/lib/libopenblas.so.0(exec_blas+0xf0)[0x7f00]"),
            "libopenblas.so.0: exec_blas+0xf0");
  EXPECT_EQ(readable_frame("./prog(+0x12)[0x7f00]"), "prog: +0x12");
  EXPECT_EQ(readable_frame("[0x7f00]"), "[0x7f00]");
}

TEST(OmpErrors, AreFoundOnceEachWithTheirMeaning) {
  const auto errors = find_omp_errors(
      "epoch 1\nOMP: Error #15: Initializing libomp.so.5, but found libomp.so.5 already initialized.\r\n"
      "OMP: Hint This means that multiple copies of the OpenMP runtime have been linked into the program.\n"
      "OMP: Error #15: Initializing libomp.so.5, but found libomp.so.5 already initialized.\n"
      "OMP: Error #179: Function pthread_mutex_init failed:\n");
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_THAT(errors[0].meaning, HasSubstr("second copy"));
  EXPECT_THAT(errors[1].meaning, HasSubstr("system call failed"));
}

TEST(OmpErrors, TakeOtherNumbersAndLibgompForWhatTheyAre) {
  EXPECT_THAT(find_omp_errors("OMP: Error #150: something\n")[0].meaning, HasSubstr("gave up"));
  EXPECT_THAT(
      find_omp_errors("\nlibgomp: Thread creation failed: Resource temporarily unavailable\n")[0].meaning,
      HasSubstr("limit"));
}

TEST(OmpErrors, WarningsAreNone) {
  EXPECT_THAT(
      find_omp_errors("OMP: Warning #96: Cannot form a team\nOMP: Info #276: deprecated\n"
                      "libgomp: Invalid value for environment variable OMP_NUM_THREADS\nall is well\n"),
      IsEmpty());
}

TEST(Parts, MergeIntoOneResult) {
  JobResult a, b;
  a.result = Json{{"loss", 0.5}, {"passed", true}, {"runtimes", {"x"}}, {"times", {{"torch", 1}}}};
  a.summary = "step 1\nsmoke: passed\n";
  b.result = Json{{"ntotal", 100}, {"passed", true}, {"runtimes", {"y"}}, {"times", {{"faiss", 2}}}};
  b.summary = "searched\nsmoke: passed\n";
  const JobResult merged = merge({a, b});
  EXPECT_EQ(merged.result, Json::parse(R"({"loss": 0.5, "passed": true, "runtimes": ["x", "y"],
                                           "times": {"torch": 1, "faiss": 2}, "ntotal": 100})"));
  EXPECT_EQ(merged.summary, "step 1\nsmoke: passed\nsearched");
}

TEST(Parts, WhatOneTakesOverFromTheOtherCountsOnce) {
  JobResult a, b;
  a.result = Json{{"runtimes", {{"faiss", {"libomp"}}}}};
  a.summary = "FAISS: 2\n  libgomp";
  b.result = Json{{"runtimes", {{"faiss", {"libomp"}}, {"torch", {"libgomp"}}}}};
  b.summary = "torch: 1\n  libomp\nboth: 1\n  libomp";
  const JobResult merged = merge({a, b});
  EXPECT_EQ(merged.result, b.result);
  EXPECT_EQ(merged.summary, "FAISS: 2\n  libgomp\ntorch: 1\n  libomp\nboth: 1\n  libomp");
}

TEST(NativeFeatures, WhatTheCpuLacksIsNamed) {
  const auto has = [](const std::string& feature) { return feature != "avx512f"; };
  EXPECT_THAT(missing_features({"avx2", "avx512f"}, has), ElementsAre("avx512f"));
  EXPECT_THAT(missing_features({"avx2"}, has), IsEmpty());
}

TEST(NativeFeatures, ThisBuildRunsOnThisMachine) {
  EXPECT_NO_THROW(check_native_features());
}

}  // namespace
}  // namespace runner::runtime
