// OMP_DYNAMIC=true with OpenBLAS-openmp: sgemm waits for threads that libgomp did not start.
#include "openmp_scan/scan.h"
#include "worker/launch_fixture.h"

namespace runner::runtime {
namespace {

using testing::HasSubstr;

class OmpDynamic : public testing::Test {
 protected:
  void SetUp() override {
    const ScanResult found = scan({RUNNER_BUILD_DIR "/tests/librunner_blas_plugin.so"}, {});
    if (found.blas.empty() || found.blas[0].threads != BlasThreads::openmp)
      GTEST_SKIP() << "OpenBLAS with OpenMP threads is not the BLAS here (package libopenblas0-openmp)";
  }
  // BUSY_MACHINE makes the host report a load average so high that libgomp gives one thread.
  const std::string prefix_ = "OMP_DYNAMIC=true BUSY_MACHINE=1";
  Json request_{{"plugin", "librunner_blas_plugin"}, {"threads", "2"}, {"stall_timeout", 3}, {"json", true}};
};

TEST_F(OmpDynamic, HangsWhenLeftAndTheStallIsExplained) {
  request_["keep"] = {"OMP_DYNAMIC"};
  const HostRun run = run_host(request_, prefix_);
  EXPECT_EQ(run.code, 137) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("made no progress for 3 s"));
  EXPECT_THAT(run.err, HasSubstr("openblas"));
  EXPECT_THAT(run.err, HasSubstr("OMP_DYNAMIC"));
}

TEST_F(OmpDynamic, IsReplacedAndTheSameJobFinishes) {
  const HostRun run = run_host(request_, prefix_);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.last_line()["sum"], 1024.0);
  EXPECT_THAT(run.err, HasSubstr("OMP_DYNAMIC=true is replaced"));
}

}  // namespace
}  // namespace runner::runtime
