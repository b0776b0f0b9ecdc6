#include <gtest/gtest.h>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

const std::string source = RUNNER_SOURCE_DIR;

TEST(ConfigCommand, ShowTellsEachValuesOrigin) {
  const ProgramResult result =
      run_runner({"config", "show", "configs/p6b_v23.yaml", "--set", "train.epochs=3"},
                 {.folder = source, .environment = {}});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("epochs: 3  # --set train.epochs"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("batch_size: 32  # configs/p6b_v23.yaml:"), std::string::npos) << result.out;
}

TEST(ConfigCommand, TheShownConfigurationIsAValidOne) {
  const TemporaryFolder folder;
  const ProgramResult shown =
      run_runner({"config", "show", "configs/p6b_v23.yaml"}, {.folder = source, .environment = {}});
  folder.write("again.yaml", shown.out);
  const ProgramResult checked = run_runner({"config", "check", (folder / "again.yaml").string()},
                                           {.folder = source, .environment = {}});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
}

TEST(ConfigCommand, EveryShippedConfigHasNoMistakes) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source + "/configs")) {
    const std::string text = file_contents(entry.path());
    if (text.find("sequences: FILE") != std::string::npos) continue;  // says itself what has to be filled in
    const ProgramResult result =
        run_runner({"config", "check", entry.path().string()}, {.folder = source, .environment = {}});
    EXPECT_TRUE(result.exit_code == 0 || result.err.find("no such file") != std::string::npos)
        << entry.path() << result.err;
    ++count;
  }
  EXPECT_GE(count, 6);
}

TEST(ConfigCommand, SchemaIsJsonWithTheDeclaredKeys) {
  const ProgramResult result = run_runner({"config", "schema", "train"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json schema = Json::parse(result.out);
  EXPECT_EQ(schema["properties"]["train"]["properties"]["epochs"]["type"], "integer");
  EXPECT_EQ(schema["properties"]["environment"]["properties"]["openmp"]["default"], "isolate");
}

TEST(ConfigCommand, TheEnvironmentsDeviceWinsOverTheFileAndLosesToTheFlag) {
  const ProgramOptions options{.folder = source, .environment = {{"RUNNER_DEVICE", "cuda"}}};
  const ProgramResult result = run_runner({"config", "show", "configs/p6b_v23.yaml"}, options);
  EXPECT_NE(result.out.find("device: cuda  # RUNNER_DEVICE"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace runner::test
