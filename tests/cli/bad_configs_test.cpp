// Ten and more bad configurations: each gets its place, what is wrong, the way out, and exit code 2.
#include <gtest/gtest.h>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

struct BadConfig {
  const char* name;
  std::string text;
  std::vector<std::string> flags;
  std::vector<std::string> messages;  // each must be a part of stderr
};

const std::string sample = std::string(RUNNER_SOURCE_DIR) + "/artifacts/sample/cppdocs_768.npz";
const std::string data_lines = "job: train\ndata: {vectors: " + sample + "}\n";

class BadConfigs : public testing::TestWithParam<BadConfig> {};

TEST_P(BadConfigs, AreReportedWithTheirPlace) {
  const TemporaryFolder folder;
  folder.write("bad.yaml", GetParam().text);
  std::vector<std::string> command = {"train", "bad.yaml", "--json"};
  command.insert(command.end(), GetParam().flags.begin(), GetParam().flags.end());
  const ProgramResult result = run_runner(command, {.folder = folder.path().string(), .environment = {}});
  EXPECT_EQ(result.exit_code, 2) << result.err;
  for (const std::string& message : GetParam().messages)
    EXPECT_NE(result.err.find(message), std::string::npos)
        << "expected: " << message << "\ngot: " << result.err;
  const Json error = Json::parse(result.out, nullptr, false);
  ASSERT_FALSE(error.is_discarded()) << result.out;
  EXPECT_EQ(error["error"]["code"], 2);
  EXPECT_FALSE(std::filesystem::exists(folder / "artifacts"));
}

INSTANTIATE_TEST_SUITE_P(
    Train, BadConfigs,
    testing::Values(
        BadConfig{"UnknownKey",
                  data_lines + "train: {batch_sise: 8}\n",
                  {},
                  {"bad.yaml:3:9: train.batch_sise: unknown key (did you mean batch_size?)"}},
        BadConfig{"WrongType",
                  data_lines + "train: {epochs: many}\n",
                  {},
                  {"bad.yaml:3:17: train.epochs: expected a whole number, got 'many'"}},
        BadConfig{"UnknownPolicy",
                  data_lines + "environment: {openmp: maybe}\n",
                  {},
                  {"bad.yaml:3:23: environment.openmp: expected isolate | forbid | allow, got 'maybe'"}},
        BadConfig{
            "OutOfRange", data_lines + "train: {batch_size: 0}\n", {}, {"train.batch_size: out of range"}},
        BadConfig{"MissingFile",
                  "job: train\ndata: {vectors: nowhere.npz}\n",
                  {},
                  {"bad.yaml:2:17: data.vectors: no such file: nowhere.npz"}},
        BadConfig{"EmptyName",
                  "job: train\ndata: {vectors: ['']}\n",
                  {},
                  {"data.vectors: an empty name; name a file"}},
        BadConfig{"EmptyNameAsFlag", data_lines, {"--npz", ""}, {"--npz: data.vectors: an empty name"}},
        BadConfig{"NulInAName",
                  "job: train\ndata: {vectors: \"v\\0.npz\"}\n",
                  {},
                  {"data.vectors: a name with a NUL character"}},
        BadConfig{"BothInputs",
                  "job: train\ndata: {vectors: " + sample + ", sequences: " + sample + "}\n",
                  {},
                  {"data.sequences"}},
        BadConfig{"BrokenYaml", "job: train\ntrain: {epochs: 3\nseed: 1\n", {}, {"not valid YAML", "^"}},
        BadConfig{"UnknownJob", "job: trian\n", {}, {"describes the job 'trian'"}},
        BadConfig{"KeyTwice", data_lines + "seed: 1\nseed: 2\n", {}, {"bad.yaml:4:1: seed: given twice"}},
        BadConfig{
            "UnknownModel", data_lines + "model: {type: transfomer}\n", {}, {"did you mean transformer?"}},
        BadConfig{"HeadsDoNotDivide", data_lines + "model: {d_model: 512, heads: 7}\n", {}, {"model.heads"}},
        BadConfig{"UnsetVariable",
                  "job: train\ndata: {vectors: \"${RUNNER_NO_SUCH}\"}\n",
                  {},
                  {"RUNNER_NO_SUCH is not set"}},
        BadConfig{
            "BadSet", data_lines, {"--set", "train.epoch=3"}, {"unknown key (did you mean train.epochs?)"}},
        BadConfig{"BadFlagValue", data_lines, {"--epochs", "0"}, {"--epochs: train.epochs: out of range"}},
        BadConfig{"NoSteps",
                  data_lines,
                  {"--max-steps", "0"},
                  {"--max-steps: expected a whole number, 1 or more; got '0'"}},
        BadConfig{"HalfAStep",
                  data_lines,
                  {"--max-steps", "2.5"},
                  {"--max-steps: expected a whole number, 1 or more; got '2.5'"}},
        BadConfig{"UnknownDevice", data_lines + "device: gpu\n", {}, {"device"}},
        BadConfig{"SeveralAtOnce",
                  data_lines + "sed: 1\ntrain: {epochs: x, batchsize: 3}\n",
                  {},
                  {"sed: unknown key (did you mean seed?)", "train.epochs: expected a whole number",
                   "batchsize: unknown key (did you mean batch_size?)"}}),
    [](const auto& info) { return info.param.name; });

TEST(BadCommandLine, AMissingConfigNamesThePlacesLookedAt) {
  const ProgramResult result = run_runner({"train", "no_such_config"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find(
                "no_such_config: no such config file (looked at no_such_config, configs/no_such_config.yaml"),
            std::string::npos)
      << result.err;
}

TEST(BadCommandLine, AnUnknownFlagIsNamed) {
  const ProgramResult result = run_runner({"train", "--epoch", "3"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("--epoch"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace runner::test
