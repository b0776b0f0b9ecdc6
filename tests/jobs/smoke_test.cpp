// The smoke job as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "support/run_program.h"

namespace runner::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) result.push_back(line);
  return result;
}

TEST(Smoke, PrintsEachStepOnceAndPassedLast) {
  const ProgramResult run = run_runner({"smoke", "--steps", "3", "--device", "cpu"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::vector<std::string> out = lines(run.out);
  std::vector<std::string> steps;
  for (const std::string& line : out) {
    if (line.rfind("step ", 0) == 0) steps.push_back(line);
  }
  ASSERT_EQ(steps.size(), 3U) << run.out;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(steps[i], MatchesRegex("step " + std::to_string(i + 1) + "/3 loss=[0-9]+\\.[0-9]+"));
  }
  EXPECT_EQ(out.back(), "smoke: passed");
}

TEST(Smoke, NamesTheOpenmpRuntimesThatAreLoaded) {
  const ProgramResult run = run_runner({"smoke", "--steps", "1", "--device", "cpu"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("OpenMP runtimes loaded"));
  EXPECT_THAT(run.out, HasSubstr("omp"));
  EXPECT_THAT(run.out, HasSubstr("IndexFlatIP 100 x 768, 100 of 100 found"));
}

TEST(Smoke, JsonLeavesOneObjectOnStdoutAndTheStepsOnStderr) {
  const ProgramResult run = run_runner({"smoke", "--steps", "2", "--device", "cpu", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::vector<std::string> out = lines(run.out);
  ASSERT_EQ(out.size(), 1U) << run.out;
  const Json result = Json::parse(out[0]);
  EXPECT_TRUE(result.at("passed").get<bool>());
  EXPECT_EQ(result.at("faiss").at("found"), 100);
  EXPECT_EQ(result.at("torch").at("steps"), 2);
  EXPECT_LT(result.at("torch").at("last_loss").get<double>(),
            result.at("torch").at("first_loss").get<double>());
  EXPECT_THAT(run.err, HasSubstr("step 2/2 loss="));
}

TEST(Smoke, ADeviceThatDoesNotWorkIsExitFourWithTheReason) {
  const ProgramResult run = run_runner({"smoke", "--steps", "1", "--device", "cuda:63"});
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_THAT(run.err, HasSubstr("cuda:63"));
  EXPECT_THAT(run.out, testing::Not(HasSubstr("smoke: passed")));
}

TEST(Smoke, StepsOutOfRangeIsAUsageError) {
  const ProgramResult run = run_runner({"smoke", "--steps", "0"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("--steps"));
}

TEST(Smoke, AnInheritedOmpDynamicDoesNotHangIt) {
  const ProgramResult run =
      run_runner({"smoke", "--steps", "2", "--device", "cpu"}, {"", {{"OMP_DYNAMIC", "true"}}});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("smoke: passed"));
}

}  // namespace
}  // namespace runner::test
