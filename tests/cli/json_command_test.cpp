// runner json: what shell scripts read of the runner's records.
#include <gmock/gmock.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

class JsonCommand : public testing::Test {
 protected:
  ProgramResult values(std::vector<std::string> keys) {
    keys.insert(keys.begin(), {"json", file_});
    return run_runner(keys);
  }

  TemporaryFolder folder_;
  const std::string file_ =
      folder_
          .write("a.json",
                 R"({"output": "a \"b\"\n\u001b[31m", "gain": -0.012, "skipped": false, "none": null,
 "baselines": {"copy_last": {"val_cosine": 0.4}}, "history": [{"val_loss": 0.5}, {"val_loss": null}, {"val_loss": 1e-3}]})")
          .string();
};

TEST_F(JsonCommand, PrintsALineAKeyInTheirOrder) {
  const ProgramResult run =
      values({"skipped", "gain", "none", "absent", "gain.deeper", "baselines.copy_last.val_cosine"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "false\n-0.012\n\n\n\n0.4\n");
  EXPECT_EQ(values({"baselines"}).out, "{\"copy_last\":{\"val_cosine\":0.4}}\n");
}

TEST_F(JsonCommand, ATextIsOneLineWithoutQuotes) {
  EXPECT_EQ(values({"output"}).out, "a \"b\"\\n\x1b[31m\n");
}

// The name of a file is bytes: a script that reads one gets the file.
TEST_F(JsonCommand, BytesThatAreNoUtf8ComeBack) {
  const ProgramResult run =
      run_runner({"json", folder_.write("b.json", R"({"output": "x\udcff\u200e.npz"})").string(), "output"});
  EXPECT_EQ(run.out, "x\xff\u200e.npz\n");
}

TEST_F(JsonCommand, LooksIntoLists) {
  EXPECT_EQ(values({"history.*.val_loss"}).out, "0.5\n\n0.001\n");
  EXPECT_EQ(values({"history.2.val_loss", "history.3.val_loss", "history.x.val_loss"}).out, "0.001\n\n\n");
}

TEST_F(JsonCommand, ReadsStandardInput) {
  const std::string runner = std::string(RUNNER_BUILD_DIR) + "/runner";
  const ProgramResult run = run_program({"sh", "-c", "printf '{\"gain\": 2}' | " + runner + " json - gain"});
  EXPECT_EQ(run.out, "2\n");
  const ProgramResult list = run_program({"sh", "-c", "printf '[1]' | " + runner + " json - gain"});
  EXPECT_EQ(list.exit_code, 3);
  EXPECT_THAT(list.err, HasSubstr("standard input: is no JSON object"));
}

TEST_F(JsonCommand, SaysWhatItCannotRead) {
  EXPECT_EQ(run_runner({"json", file_}).exit_code, 2);
  EXPECT_EQ(run_runner({"json", (folder_ / "gone.json").string(), "gain"}).exit_code, 1);
  const ProgramResult broken = run_runner({"json", folder_.write("b.json", "{\"a\": }").string(), "a"});
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_THAT(broken.err, HasSubstr("b.json"));
}

}  // namespace
}  // namespace runner::test
