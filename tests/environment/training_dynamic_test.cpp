// A training run started with OMP_DYNAMIC=true in the shell: hangs when it is left, finishes under the
// bootstrap.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/train/small_run.h"
#include "openmp_scan/scan.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OmpDynamicTraining : public testing::Test {
 protected:
  void SetUp() override {
    const auto found = runtime::scan({RUNNER_BUILD_DIR "/librunner_train.so"}, {});
    if (found.blas.empty() || found.blas[0].threads != runtime::BlasThreads::openmp)
      GTEST_SKIP() << "OpenBLAS with OpenMP threads is not the BLAS here (package libopenblas0-openmp)";
    // libgomp asks for the load; a busy machine makes it start fewer threads.
    const fs::path source = folder_.write(
        "load.c", "int getloadavg(double* l, int n) { for (int i = 0; i < n; ++i) l[i] = 64; return n; }\n");
    busy_ = (folder_ / "busy.so").string();
    if (run_program({"cc", "-shared", "-fPIC", "-o", busy_, source.string()}).exit_code != 0)
      GTEST_SKIP() << "no C compiler";
  }

  // The plain engine multiplies with OpenBLAS, in sizes that it gives to more than one thread.
  ProgramResult train(std::vector<std::string> more) const {
    for (const char* setting : {"train.engine=plain", "model.d_model=128", "model.feedforward=512",
                                "environment.threads=2", "environment.stall_timeout=10"}) {
      more.push_back("--set");
      more.push_back(setting);
    }
    more.insert(more.end(), {"--max-steps", "5", "--device", "cpu"});
    std::vector<std::string> command = small_run(folder_ / "run", more);
    ProgramOptions options = in_source();
    options.environment = {{"OMP_DYNAMIC", "true"}, {"LD_PRELOAD", busy_}};
    return run_runner(command, options);
  }

  TemporaryFolder folder_;
  std::string busy_;
};

TEST_F(OmpDynamicTraining, HangsWhenLeftAndIsStoppedWithItsThreadsStacks) {
  const ProgramResult run = train({"--set", "environment.keep=[OMP_DYNAMIC]"});
  EXPECT_EQ(run.exit_code, 137) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("made no progress for 10 s"));
  EXPECT_THAT(run.err, HasSubstr("sgemm"));
  EXPECT_THAT(run.err, HasSubstr("OMP_DYNAMIC"));
  EXPECT_EQ(Json::parse(file_contents(folder_ / "run/manifest.json")).at("outcome"), "stalled");
}

TEST_F(OmpDynamicTraining, FinishesUnderTheBootstrap) {
  const ProgramResult run = train({});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(result_of(run).value("steps", 0), 5);
  EXPECT_THAT(run.err, HasSubstr("OMP_DYNAMIC=true is replaced"));
}

}  // namespace
}  // namespace runner::test
