#include <gtest/gtest.h>

#include "support/run_program.h"

namespace runner::test {
namespace {

TEST(Help, EveryCommandOfTheTableAnswersHelpWithAnExample) {
  int count = 0;
  for (const char* command : {"train", "index", "sequences", "eval", "search", "smoke", "doctor", "env",
                              "exec", "schedule", "config", "runs", "run", "plan", "predict", "json"}) {
    const ProgramResult result = run_runner({command, "--help"});
    EXPECT_EQ(result.exit_code, 0) << command << result.err;
    EXPECT_NE(result.out.find("runner "), std::string::npos) << command << result.out;
    EXPECT_NE(result.out.find("xample"), std::string::npos) << command << result.out;
    ++count;
  }
  EXPECT_EQ(count, 16);
}

TEST(Help, RunAndPlanSpeakOfThemselvesAndOfTheFilesJob) {
  const std::string plan = run_runner({"plan", "--help"}).out;
  EXPECT_EQ(plan.rfind("Rows, steps, memory", 0), 0U) << plan;
  const std::string index = RUNNER_SOURCE_DIR "/configs/index_flat_ip.yaml";
  const std::string run = run_runner({"run", index, "--help"}).out;
  EXPECT_NE(run.find("runner run configs/"), std::string::npos) << run;
  EXPECT_NE(run.find("Keys of the file (job: index)"), std::string::npos) << run;
}

TEST(Help, SearchNamesItsIndex) {
  const std::string search = run_runner({"search", "--help"}).out;
  EXPECT_NE(search.find("[INDEX]"), std::string::npos) << search;
  EXPECT_NE(search.find("the index file"), std::string::npos) << search;
}

TEST(Help, WithoutACommandTheTableIsShownAndTheExitCodeIsTwo) {
  const ProgramResult bare = run_runner({});
  EXPECT_EQ(bare.exit_code, 2);
  EXPECT_NE(bare.out.find("doctor"), std::string::npos);
  EXPECT_EQ(run_runner({"--help"}).exit_code, 0);
}

TEST(Help, AnUnknownCommandGetsASuggestion) {
  const ProgramResult result = run_runner({"trian"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "runner: trian: unknown command (did you mean train?); `runner --help` lists them\n");
}

TEST(Help, TheLauncherLinksNoTorchNoFaissNoOpenMp) {
  const ProgramResult result = run_program({"ldd", std::string(RUNNER_BUILD_DIR) + "/runner"});
  ASSERT_EQ(result.exit_code, 0);
  for (const char* library : {"libtorch", "libfaiss", "libgomp", "libomp", "libiomp", "blas", "libc10"})
    EXPECT_EQ(result.out.find(library), std::string::npos) << result.out;
}

}  // namespace
}  // namespace runner::test
