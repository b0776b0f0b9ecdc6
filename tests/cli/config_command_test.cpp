#include <gtest/gtest.h>
#include <sys/stat.h>

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
    if (entry.path().extension() != ".yaml") continue;  // what a pipeline has left
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
  EXPECT_EQ(schema["properties"]["train"]["properties"]["epochs"]["type"],
            Json::array({"integer", "string"}));
  EXPECT_EQ(schema["properties"]["job"]["const"], "train");
  EXPECT_EQ(schema["required"], Json::array({"data", "job"}));
  EXPECT_EQ(schema["properties"]["environment"]["properties"]["openmp"]["default"], "isolate");
}

TEST(ConfigCommand, TheShippedSchemasAreWhatIsDeclared) {
  int count = 0;
  for (const char* job : {"train", "index", "sequences", "eval", "predict", "search", "smoke", "pipeline"}) {
    const std::string file = source + "/schemas/" + job + ".schema.json";
    EXPECT_EQ(file_contents(file), run_runner({"config", "schema", job}).out)
        << file << " is of other keys: run scripts/schemas.sh";
    ++count;
  }
  for (const auto& entry : std::filesystem::directory_iterator(source + "/schemas"))
    count -= entry.path().extension() == ".json";
  EXPECT_EQ(count, 0);
}

TEST(ConfigCommand, TheEnvironmentsDeviceWinsOverTheFileAndLosesToTheFlag) {
  const ProgramOptions options{.folder = source, .environment = {{"RUNNER_DEVICE", "cuda"}}};
  const ProgramResult result = run_runner({"config", "show", "configs/p6b_v23.yaml"}, options);
  EXPECT_NE(result.out.find("device: cuda  # RUNNER_DEVICE"), std::string::npos) << result.out;
}

const std::string ready = "job: index\ninput: {vectors: '" + std::string(RUNNER_SOURCE_DIR) +
                          "/artifacts/sample/cppdocs_768.npz'}\noutput: x.index\n";

// Every command that reads a config goes through the same door.
TEST(ForeignConfig, IsRefusedByEveryCommandInALine) {
  const TemporaryFolder folder;
  std::string bomb = "x0: &x0 [a, a, a, a, a, a, a, a, a]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string old = "*x" + std::to_string(i - 1), now = "x" + std::to_string(i);
    bomb += now + ": &" + now + " [" + old;
    for (int k = 0; k < 8; ++k) bomb += ", " + old;
    bomb += "]\n";
  }
  ASSERT_LT(bomb.size(), 900U);
  folder.write("self.yaml", ready + "train: &a [*a]\n");
  folder.write("bomb.yaml", ready + bomb);
  folder.write("two.yaml", ready + "---\n" + ready);
  folder.write("tab.yaml", ready + "verify:\n\tqueries: 1\n");
  ASSERT_EQ(::mkfifo((folder / "fifo.yaml").c_str(), 0600), 0);
  for (const char* name : {"self.yaml", "bomb.yaml", "two.yaml", "tab.yaml", "fifo.yaml"})
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"run"}, {"plan"}, {"index"}, {"config", "check"}, {"config", "show"}}) {
      std::vector<std::string> words = command;
      words.insert(words.end(), {name, "--json"});
      const ProgramResult result = run_runner(words, {.folder = folder.path().string(), .environment = {}});
      EXPECT_EQ(result.exit_code, 2) << command[0] << " " << name << result.err;
      EXPECT_EQ(result.err.rfind(std::string("runner: ") + name, 0), 0U) << result.err;
      EXPECT_EQ(Json::parse(result.out)["error"]["code"], 2);
    }
}

// `runner run` reads it twice: for the job's name, and for the job.
TEST(ForeignConfig, MayComeThroughAPipe) {
  const TemporaryFolder folder;
  folder.write("x.yaml", ready);
  for (const char* command : {"config check", "run", "plan", "index"}) {
    const ProgramResult result =
        run_program({"bash", "-c", std::string("\"$0\" ") + command + " <(sleep 0.2; cat x.yaml)",
                     RUNNER_BUILD_DIR "/runner"},
                    {.folder = folder.path().string(), .environment = {}});
    EXPECT_EQ(result.exit_code, 0) << command << result.err;
  }
}

}  // namespace
}  // namespace runner::test
