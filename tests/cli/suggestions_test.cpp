// A flag, key, config, command or run that is not there: the nearest one that is, in one line, and exit
// code 2.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

struct Slip {
  const char* name;
  std::vector<std::string> words;
  std::string message;  // a part of stderr
};

class Suggestion : public testing::TestWithParam<Slip> {};

TEST_P(Suggestion, IsOneLineThatNamesTheNearest) {
  const ProgramResult result = run_runner(GetParam().words, {.folder = RUNNER_SOURCE_DIR, .environment = {}});
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_NE(result.err.find(GetParam().message), std::string::npos)
      << "expected: " << GetParam().message << "\ngot: " << result.err;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_EQ(result.out, "");
}

const std::string v23 = "configs/p6b_v23.yaml";
Slip flag(const char* name, const char* given, const char* meant) {
  return {name,
          {"train", v23, given, "3"},
          std::string("runner: train: unknown flag ") + given + " (did you mean " + meant +
              "?); `runner train --help` lists them"};
}
Slip key(const char* name, const char* given, const char* meant) {
  return {
      name,
      {"train", v23, "--set", std::string(given) + "=3"},
      std::string("runner: --set ") + given + ": " + given + ": unknown key (did you mean " + meant + "?)"};
}

INSTANTIATE_TEST_SUITE_P(Flag, Suggestion,
                         testing::Values(flag("Singular", "--epoch", "--epochs"),
                                         flag("Underscore", "--batch_size", "--batch-size"),
                                         flag("OneDash", "-epochs", "--epochs"),
                                         flag("Longer", "--lr_rate", "--lr"),
                                         flag("LongName", "--learning-rate", "--lr"),
                                         flag("Folder", "--output-dir", "--output"),
                                         flag("OldData", "--data", "--npz"),
                                         flag("OldLoss", "--lambda-mse", "--set loss.mse.weight=…"),
                                         flag("OldTau", "--tau", "--set loss.info_nce.temperature=…"),
                                         flag("KeyWithoutFlag", "--dropout", "--set model.dropout=…"),
                                         flag("WholeKey", "--model-type", "--set model.type=…"),
                                         flag("KeyWithFlag", "--train.epochs", "--epochs")),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(Key, Suggestion,
                         testing::Values(key("WithoutGroup", "epochs", "train.epochs"),
                                         key("OtherName", "learning_rate", "optimizer.lr"),
                                         key("TypoWithoutGroup", "epoch", "train.epochs"),
                                         key("Longer", "lr_rate", "optimizer.lr"),
                                         key("OtherGroup", "training.batch_size", "train.batch_size")),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Other, Suggestion,
    testing::Values(
        Slip{"TwoFlags",
             {"train", v23, "--epoch", "1", "--sede", "2"},
             "unknown flags --epoch (did you mean --epochs?), --sede (did you mean --seed?)"},
        Slip{"NothingNear",
             {"train", v23, "--foo", "1"},
             "train: unknown flag --foo; `runner train --help` lists them"},
        Slip{"FlagOfASubcommand",
             {"runs", "clean", "--kep", "3"},
             "runs clean: unknown flag --kep (did you mean --keep?)"},
        Slip{"NoRuns",
             {"runs", "list", "--limit", "0"},
             "runs list: --limit: expected a whole number, 1 or more; got '0'"},
        Slip{"Subcommand",
             {"runs", "lst"},
             "runs: unknown command lst (did you mean list?); there are list, show, diff, report, verify, "
             "clean"},
        Slip{"FlagOfExec",
             {"exec", "--theads", "3", "--", "true"},
             "exec: unknown flag --theads (did you mean --threads?)"},
        Slip{"OneWordTooMany",
             {"train", "a.yaml", "b.yaml"},
             "train: unexpected 'b.yaml': runner train takes no more than CONFIG"},
        Slip{"SwappedDigits",
             {"train", "p6b_v32"},
             "(did you mean p6b_v23?); there are eval_5cat, index_flat_ip, "},
        Slip{"ConfigFlagOfNoFile", {"train", "--config", "p6b_v32"}, "p6b_v32: no such config file"},
        Slip{"ConfigTwice",
             {"train", v23, "--config", "configs/mse_gru.yaml"},
             "give either CONFIG or --config, not both"},
        Slip{"OtherJob",
             {"train", "configs/index_ivf.yaml"},
             "configs/index_ivf.yaml: this file describes the job 'index', not 'train'; run it with: runner "
             "index configs/index_ivf.yaml"}),
    [](const auto& info) { return info.param.name; });

TEST(Suggestion, OfAKeyInAFileLeadsIntoItsGroup) {
  const TemporaryFolder folder;
  folder.write("x.yaml", "job: train\nepochs: 3\nlearning_rate: 0.1\n");
  const ProgramResult result =
      run_runner({"config", "check", "x.yaml"}, {.folder = folder.path().string(), .environment = {}});
  EXPECT_NE(result.err.find("x.yaml:2:1: epochs: unknown key (did you mean train.epochs?)"),
            std::string::npos)
      << result.err;
  EXPECT_NE(result.err.find("learning_rate: unknown key (did you mean optimizer.lr?)"), std::string::npos)
      << result.err;
}

TEST(Suggestion, ForAMissingLatestIsWhatMakesIt) {
  const TemporaryFolder folder;
  const std::string npz = RUNNER_SOURCE_DIR "/artifacts/sample/cppdocs_768.npz";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"predict", "latest", "--npz", npz}, {"runs", "show", "latest"}}) {
    const ProgramResult result = run_runner(words, {.folder = folder.path().string(), .environment = {}});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_NE(result.err.find("a training run that finishes makes it: runner train p6b_v23 comes first"),
              std::string::npos)
        << result.err;
  }
}

TEST(ConfigAsAFlag, IsTheConfig) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"train", "--config", "configs/index_ivf.yaml"},
        {"train", "--config=configs/index_ivf.yaml"},
        {"eval", "--config", "index_ivf"}}) {
    const ProgramResult result = run_runner(words, {.folder = RUNNER_SOURCE_DIR, .environment = {}});
    EXPECT_NE(result.err.find("configs/index_ivf.yaml: this file describes the job 'index'"),
              std::string::npos)
        << result.err;
  }
  // `run` and `plan` find the job in it, also behind the value of another flag.
  const ProgramResult plan = run_runner({"plan", "--npz", "no.npz", "--config=configs/index_ivf.yaml"},
                                        {.folder = RUNNER_SOURCE_DIR, .environment = {}});
  EXPECT_NE(plan.err.find("--npz: input.vectors: no such file: no.npz"), std::string::npos) << plan.err;
}

}  // namespace
}  // namespace runner::test
