#include "config/resolve.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "config/example_options.h"

namespace runner::config::test {
namespace {

TEST(Resolve, ReadsEveryKindOfValue) {
  Example o;
  EXPECT_EQ(
      problems_of(
          "device: cpu\ntrain: {epochs: 3, shuffle: false}\noptimizer:\n  lr: 1.0e-3\n"
          "gates: {step: {min_cosine: 0.35}}\nloss:\n  phases: [{until_epoch: 2, rho: 0.1}, {rho: 0.3}]\n",
          {}, &o),
      "");
  EXPECT_EQ(o.device, "cpu");
  EXPECT_EQ(o.epochs, 3);
  EXPECT_FALSE(o.shuffle);
  EXPECT_DOUBLE_EQ(o.lr, 1e-3);
  EXPECT_EQ(o.min_cosine, 0.35);
  ASSERT_EQ(o.phases.size(), 2u);
  EXPECT_EQ(o.phases[0].until_epoch, 2);
  EXPECT_FALSE(o.phases[1].until_epoch.has_value());
  EXPECT_DOUBLE_EQ(o.phases[1].rho, 0.3);
}

TEST(Resolve, ReportsEveryMistakeOfAFileInOneRun) {
  EXPECT_EQ(problems_of("train:\n  epohs: 3\n  shuffle: maybe\noptimizer: {lr: 0}\nmetric: cosine\nlos: 1\n"),
            "x.yaml:2:3: train.epohs: unknown key (did you mean epochs?)\n"
            "x.yaml:3:12: train.shuffle: expected true or false, got 'maybe'\n"
            "x.yaml:4:17: optimizer.lr: out of range: expected greater than 0, got 0\n"
            "x.yaml:5:9: metric: expected inner_product | l2, got 'cosine'\n"
            "x.yaml:6:1: los: unknown key (did you mean loss?)\n");
}

TEST(Resolve, NamesThePlaceInsideAListOfMappings) {
  EXPECT_EQ(problems_of("loss:\n  phases:\n    - {until_epoch: 4, roh: 0.1}\n    - {rho: 7}\n"),
            "x.yaml:3:24: loss.phases[0].roh: unknown key (did you mean rho?)\n"
            "x.yaml:4:13: loss.phases[1].rho: out of range: expected from 0 to 1, got 7\n");
}

TEST(Resolve, WrongShapes) {
  EXPECT_EQ(problems_of("train: 5\n"), "x.yaml:1:8: train: expected a mapping, got '5'\n");
  EXPECT_EQ(problems_of("device: [cpu]\n"), "x.yaml:1:9: device: expected a text, got a list\n");
  EXPECT_EQ(problems_of("train: {epochs: 2.5}\n"),
            "x.yaml:1:17: train.epochs: expected a whole number, got '2.5'\n");
  EXPECT_EQ(problems_of("device:\n"),
            "x.yaml:1:1: device: has no value (leave the key out to get its default)\n");
  EXPECT_EQ(problems_of("- a\n"), "x.yaml:1:1: expected a mapping of keys (job: train, …)\n");
}

TEST(Resolve, AKeyGivenTwiceIsAMistake) {
  EXPECT_EQ(problems_of("device: cpu\ndevice: mps\n"),
            "x.yaml:2:1: device: given twice in this mapping; keep one\n");
}

TEST(Resolve, BrokenYamlShowsTheLineAndACaret) {
  const std::string problems = problems_of("train: {epochs: 3\nname: x\n");
  EXPECT_NE(problems.find("x.yaml:2:5: not valid YAML: "), std::string::npos) << problems;
  EXPECT_NE(problems.find("\n  name: x\n      ^"), std::string::npos) << problems;
}

TEST(Resolve, ANumberThatIsNotFiniteIsRefused) {
  EXPECT_EQ(problems_of("optimizer: {lr: .inf}\n"),
            "x.yaml:1:17: optimizer.lr: expected a number, got '.inf'\n");
  EXPECT_EQ(problems_of("optimizer: {lr: .nan}\n"),
            "x.yaml:1:17: optimizer.lr: expected a number, got '.nan'\n");
}

TEST(Resolve, OverridesWinOverTheFileAndAreCheckedAlike) {
  Example o;
  EXPECT_EQ(problems_of("train: {epochs: 3}\n", {{"train.epochs", "7", "--epochs"}}, &o), "");
  EXPECT_EQ(o.epochs, 7);
  EXPECT_EQ(problems_of("", {{"train.epochs", "0", "--epochs"}}),
            "--epochs: train.epochs: out of range: expected from 1 to 1000, got 0\n");
  EXPECT_EQ(problems_of("", {{"train.epoch", "1", "--set train.epoch"}}),
            "--set train.epoch: train.epoch: unknown key (did you mean train.epochs?)\n");
}

TEST(Resolve, AMissingFileIsNamed) {
  EXPECT_EQ(problems_of("data: {vectors: /nowhere/v.npz}\n"),
            "x.yaml:1:17: data.vectors: no such file: /nowhere/v.npz\n");
}

TEST(Resolve, VariablesAreReadFromTheEnvironment) {
  ::setenv("RUNNER_TEST_DEVICE", "mps", 1);
  Example o;
  EXPECT_EQ(problems_of("device: ${RUNNER_TEST_DEVICE}\n", {}, &o), "");
  EXPECT_EQ(o.device, "mps");
  EXPECT_EQ(problems_of("device: ${RUNNER_TEST_ABSENT}\n"),
            "x.yaml:1:9: device: the environment variable RUNNER_TEST_ABSENT is not set\n");
}

TEST(ThrowIfAny, ListsAllProblems) {
  try {
    throw_if_any({{"a:1:1", "k", "one"}, {"a:2:1", "l", "two"}});
    FAIL() << "did not throw";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "a:1:1: k: one\na:2:1: l: two");
  }
}

}  // namespace
}  // namespace runner::config::test
