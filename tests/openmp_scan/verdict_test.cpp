// Verdicts and policy: tables.
#include "openmp_scan/verdict/verdict.h"

#include <gtest/gtest.h>

#include "openmp_scan/verdict/advice.h"
#include "openmp_scan/verdict/policy.h"

namespace scan_test {

using namespace runner::runtime;

namespace {

std::vector<Runtime> runtimes(const std::vector<RuntimeKind>& kinds) {
  std::vector<Runtime> all;
  for (const RuntimeKind kind : kinds) {
    all.emplace_back().kind = kind;
    all.back().path = "/lib/copy" + std::to_string(all.size());
  }
  return all;
}

std::vector<BlasPool> pool(BlasKind kind, BlasThreads threads, bool knows_avx512 = true) {
  BlasPool p;
  p.kind = kind;
  p.threads = threads;
  p.knows_avx512 = knows_avx512;
  return {p};
}

constexpr auto gomp = RuntimeKind::libgomp, llvm = RuntimeKind::libomp, intel = RuntimeKind::libiomp5;

}  // namespace

TEST(Judge, GivesTheVerdictsOfTheTable) {
  const auto none = std::vector<BlasPool>{};
  struct Row {
    std::vector<RuntimeKind> kinds;
    std::vector<BlasPool> blas;
    Verdict verdict;
  };
  for (const Row& row : {
           Row{{}, none, Verdict::none},
           Row{{gomp}, none, Verdict::one},
           Row{{llvm}, none, Verdict::one},
           Row{{gomp, gomp}, none, Verdict::slow},
           Row{{gomp, gomp, gomp}, none, Verdict::slow},
           Row{{gomp, llvm}, none, Verdict::mixed},
           Row{{gomp, intel}, none, Verdict::mixed},
           Row{{llvm, llvm}, none, Verdict::duplicate},
           Row{{llvm, intel}, none, Verdict::duplicate},
           Row{{llvm, intel, gomp}, none, Verdict::duplicate},
           Row{{gomp}, pool(BlasKind::openblas, BlasThreads::pthread), Verdict::slow},
           Row{{gomp}, pool(BlasKind::openblas, BlasThreads::openmp), Verdict::one},
           Row{{gomp}, pool(BlasKind::openblas, BlasThreads::serial), Verdict::one},
           Row{{}, pool(BlasKind::openblas, BlasThreads::pthread), Verdict::none},
           Row{{gomp}, pool(BlasKind::mkl, BlasThreads::tbb), Verdict::slow},
           Row{{llvm}, pool(BlasKind::accelerate, BlasThreads::system), Verdict::one},
       })
    EXPECT_EQ(judge(runtimes(row.kinds), row.blas, {}), row.verdict)
        << row.kinds.size() << " " << row.blas.size();
}

TEST(Judge, AnOlderKernelOnACpuWithAvx512IsSlow) {
  const auto blas = pool(BlasKind::openblas, BlasThreads::openmp);
  Surroundings around;
  around.openblas_coretype = "Haswell";
  EXPECT_EQ(judge(runtimes({gomp}), blas, around), Verdict::one) << "no AVX-512: nothing is lost";
  around.cpu_has_avx512 = true;
  EXPECT_EQ(judge(runtimes({gomp}), blas, around), Verdict::slow);
  EXPECT_EQ(judge(runtimes({gomp}), {}, around), Verdict::one) << "no OpenBLAS to slow down";
  around.openblas_coretype = "SkylakeX";
  EXPECT_EQ(judge(runtimes({gomp}), blas, around), Verdict::one);
  around.openblas_coretype = "";
  EXPECT_EQ(judge(runtimes({gomp}), pool(BlasKind::openblas, BlasThreads::openmp, false), around),
            Verdict::slow);
}

TEST(Judge, OmpDynamicIsSaidForOpenBlasWithOpenMp) {
  Surroundings around;
  around.omp_dynamic = "TRUE";
  around.under_bootstrap = false;
  ScanResult result;
  result.runtimes = runtimes({gomp});
  result.blas = pool(BlasKind::openblas, BlasThreads::openmp);
  result.verdict = judge(result.runtimes, result.blas, around);
  EXPECT_EQ(result.verdict, Verdict::slow);
  ASSERT_EQ(advise(result, around).size(), 1U);
  EXPECT_NE(advise(result, around)[0].find("hangs in sgemm"), std::string::npos);
  around.under_bootstrap = true;
  EXPECT_EQ(judge(result.runtimes, result.blas, around), Verdict::one) << "the launcher overrides it";
}

// The words that the bootstrap replaces too.
TEST(Judge, OmpDynamicIsReadAsRuntimesReadIt) {
  Surroundings around;
  around.under_bootstrap = false;
  for (const char* word : {"on", "YES", " true ", "1", "T", ".true.", "enabled"}) {
    around.omp_dynamic = word;
    EXPECT_EQ(judge(runtimes({gomp}), pool(BlasKind::openblas, BlasThreads::openmp), around), Verdict::slow)
        << word;
  }
  for (const char* word : {"off", "FALSE", "0", "no", ""}) {
    around.omp_dynamic = word;
    EXPECT_EQ(judge(runtimes({gomp}), pool(BlasKind::openblas, BlasThreads::openmp), around), Verdict::one)
        << word;
  }
}

TEST(Judge, EveryConflictComesWithWhatHappensAndAFix) {
  for (const auto& kinds : {std::vector{llvm, llvm}, std::vector{gomp, llvm}, std::vector{gomp, gomp}}) {
    ScanResult result;
    result.runtimes = runtimes(kinds);
    result.verdict = judge(result.runtimes, {}, {});
    std::string all;
    for (const std::string& line : advise(result, {})) all += line;
    EXPECT_NE(all.find("/lib/copy1"), std::string::npos) << all;
    EXPECT_NE(all.find("/lib/copy2"), std::string::npos) << all;
    EXPECT_NE(all.find("fix: "), std::string::npos) << all;
  }
}

TEST(OpenBlasCore, IsJudgedAgainstTheCpu) {
  EXPECT_EQ(judge_openblas_core("Haswell", false), "");
  EXPECT_EQ(judge_openblas_core("SkylakeX", true), "");
  EXPECT_EQ(judge_openblas_core("", true), "");
  EXPECT_NE(judge_openblas_core("Zen", true).find("half the speed"), std::string::npos);
  // What an OpenBLAS falls back to on a CPU that it does not know.
  EXPECT_EQ(judge_openblas_core("Prescott", true).find("AVX2) on"), std::string::npos);
  EXPECT_NE(judge_openblas_core("Prescott", true).find("without AVX2"), std::string::npos);
  EXPECT_NE(judge_openblas_core("Prescott", true).find("OPENBLAS_CORETYPE=SkylakeX"), std::string::npos);
}

TEST(Policy, DecidesAsTheTableSays) {
  using enum Verdict;
  struct Row {
    Policy policy;
    Verdict inside, between;
    bool preload;
    Action action;
  };
  for (const Row& row : {
           Row{Policy::forbid, none, none, false, Action::run},
           Row{Policy::isolate, one, one, false, Action::run},
           Row{Policy::allow, one, one, false, Action::run},
           Row{Policy::forbid, slow, slow, false, Action::warn},
           Row{Policy::isolate, one, slow, false, Action::warn},
           Row{Policy::allow, slow, slow, false, Action::warn},
           Row{Policy::forbid, one, mixed, false, Action::refuse},
           Row{Policy::forbid, one, duplicate, false, Action::refuse},
           Row{Policy::isolate, one, mixed, false, Action::separate},
           Row{Policy::isolate, one, duplicate, false, Action::separate},
           Row{Policy::allow, one, mixed, false, Action::warn},
           Row{Policy::allow, one, duplicate, false, Action::warn},
           Row{Policy::forbid, mixed, mixed, false, Action::refuse},
           Row{Policy::forbid, duplicate, duplicate, true, Action::refuse},
           Row{Policy::isolate, duplicate, duplicate, false, Action::refuse},
           Row{Policy::isolate, mixed, mixed, false, Action::warn},
           Row{Policy::isolate, mixed, duplicate, false, Action::separate},
           Row{Policy::isolate, one, duplicate, true, Action::refuse},
           Row{Policy::isolate, one, mixed, true, Action::warn},
           Row{Policy::allow, duplicate, duplicate, true, Action::warn},
       })
    EXPECT_EQ(decide(row.policy, row.inside, row.between, row.preload), row.action)
        << static_cast<int>(row.policy) << " " << to_string(row.inside) << " " << to_string(row.between)
        << " " << row.preload;
}

}  // namespace scan_test
