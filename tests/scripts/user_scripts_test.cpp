// The scripts that users call, from other folders and by links, with a stand-in for the program that writes
// down how it was called.
#include <gmock/gmock.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const fs::path scripts = fs::path(RUNNER_SOURCE_DIR) / "scripts";

class UserScripts : public testing::Test {
 protected:
  UserScripts() {
    program_ = folder_.write("runner", "#!/bin/sh\necho \"$@\" >>\"" + (folder_ / "calls").string() + "\"\n");
    fs::permissions(program_, fs::perms::owner_all);
  }
  // Called by a link in a folder of its own, from there.
  ProgramResult by_link(const fs::path& script, const std::vector<std::string>& words,
                        std::map<std::string, std::string> variables = {}) const {
    const fs::path link = folder_ / "bin" / script.filename();
    fs::create_directories(link.parent_path());
    if (!fs::is_symlink(link)) fs::create_symlink(script, link);
    std::vector<std::string> command = {link.string()};
    command.insert(command.end(), words.begin(), words.end());
    variables.insert({"RUNNER", program_.string()});
    return run_program(command, {folder_.path().string(), variables});
  }
  std::string calls() const { return file_contents(folder_ / "calls"); }

  TemporaryFolder folder_;
  fs::path program_;
};

TEST_F(UserScripts, AllGiveTheirHelpByALink) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(scripts)) {
    const fs::path& script = entry.path();
    if (script.extension() != ".sh" || script.filename().string().ends_with("common.sh")) continue;
    if (script.parent_path().filename() == "slurm" && script.filename() == "train.sh")
      continue;  // for sbatch
    const ProgramResult help = by_link(script, {"--help"});
    EXPECT_EQ(help.exit_code, 0) << script << help.err;
    EXPECT_THAT(help.out, HasSubstr("scripts/")) << script;
    fs::remove(folder_ / "bin" / script.filename());
    ++count;
  }
  EXPECT_GE(count, 20);
}

TEST_F(UserScripts, TheDeviceIsTheArgumentsOrTheVariables) {
  const auto device_of = [&](const std::vector<std::string>& words, const std::string& variable) {
    by_link(scripts / "train_gru_mse.sh", words, {{"DEVICE", variable}});
    const std::string all = calls();
    fs::remove(folder_ / "calls");
    const std::size_t at = all.find("--device ");
    return at == std::string::npos ? "" : all.substr(at + 9, all.find(' ', at + 9) - at - 9);
  };
  EXPECT_EQ(device_of({"--quiet"}, ""), "");
  EXPECT_EQ(device_of({"--quiet"}, "cuda:1"), "cuda:1");
  EXPECT_EQ(device_of({"", "", "", "", "cpu", "--quiet"}, "cuda:1"), "cpu");
  EXPECT_EQ(device_of({"", "", "", "", "", "--quiet"}, "cuda:1"), "cuda:1");
  EXPECT_EQ(device_of({"--device", "mps", "--quiet"}, "cuda:1"), "mps");
  EXPECT_EQ(device_of({"--device=mps", "--quiet"}, "cuda:1"), "mps");
}

TEST_F(UserScripts, AnIndexIsRebuiltByTheNameOfAShippedConfig) {
  const std::string shipped = (fs::path(RUNNER_SOURCE_DIR) / "configs/index_flat_ip.yaml").string();
  for (const char* name : {"index_flat_ip", "index_flat_ip.yaml", "configs/index_flat_ip.yaml"}) {
    by_link(scripts / "rebuild_index.sh", {name, "--force"});
    EXPECT_THAT(calls(), HasSubstr("index " + shipped + " --force --json\n")) << name;
    fs::remove(folder_ / "calls");
  }
}

// A file of the user's own goes before a shipped one of its name, and what is neither is for the program to
// refuse.
TEST_F(UserScripts, AFileOfOnesOwnGoesBeforeAShippedOne) {
  folder_.write("index_flat_ip.yaml", "job: index\n");
  by_link(scripts / "rebuild_index.sh", {"index_flat_ip.yaml"});
  by_link(scripts / "rebuild_index.sh", {"unknown"});
  EXPECT_THAT(calls(), AllOf(HasSubstr("index index_flat_ip.yaml --json\n"),
                             HasSubstr("index unknown --json\n"), Not(HasSubstr("/configs/"))));
}

}  // namespace
}  // namespace runner::test
