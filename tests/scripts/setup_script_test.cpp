// scripts/setup.sh among stand-ins for root's programs: what it says before it acts, while it does, and where
// it cannot.
#include <gmock/gmock.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SetupScript : public testing::Test {
 protected:
  SetupScript() {
    program("id", "echo 0");
    program("dpkg-query", "[ \"$4\" != libzip-dev ] && [ \"$4\" != cmake ] && echo installed");
    program("apt-cache", "exit 0");
    program("update-alternatives", "exit 0");
    // As apt answers: a summary where it is asked, progress and words of its own where it works.
    program(
        "apt-get",
        "case \"$*\" in\n"
        "  *assume-no*)\n"
        "    echo '0 upgraded, 7 newly installed, 0 to remove and 3 not upgraded.'\n"
        "    echo 'Need to get 12.3 MB of archives.'\n"
        "    echo 'After this operation, 45.6 MB of additional disk space will be used.'\n"
        "    exit 1 ;;\n"
        "  *' install '*)\n"
        "    echo \"$@\" >>\"$CALLS\"\n"
        "    progress=${*##*Status-Fd=} progress=${progress%% *}\n"
        "    echo 'dlstatus:1:60.0000:Retrieving file 1 of 7' >&\"$progress\"\n"
        "    echo 'Selecting previously unselected package cmake.'\n"
        "    echo 'pmstatus:cmake:55.5000:Unpacking cmake (amd64)' >&\"$progress\"\n"
        // dpkg closes the descriptor of its progress to the packages' scripts.
        "    (eval \"exec $progress>&-\"; echo 'Adding group crontab') || FAILS='a script could not write'\n"
        "    [ -z \"$FAILS\" ] || echo \"E: $FAILS\" >&2\n"
        "    [ -z \"$FAILS\" ] ;;\n"
        "esac");
  }
  void program(const std::string& name, const std::string& script) {
    fs::permissions(folder_.write("bin/" + name, "#!/bin/sh\n" + script + "\n"), fs::perms::owner_all);
  }
  ProgramResult setup(std::map<std::string, std::string> more = {}) const {
    more.insert({{"PATH", (folder_ / "bin").string() + ":/usr/bin:/bin"},
                 {"TMPDIR", folder_.path().string()},
                 {"CALLS", (folder_ / "calls").string()}});
    return run_program({std::string(RUNNER_SOURCE_DIR) + "/scripts/setup.sh"}, {"", more});
  }
  std::vector<fs::path> logs() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      if (entry.path().filename().string().starts_with("runner-setup.")) found.push_back(entry.path());
    return found;
  }

  TemporaryFolder folder_;
};

TEST_F(SetupScript, SaysHowMuchItIsBeforeItActsAndHowFarItIs) {
  const ProgramResult run = setup();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, AllOf(HasSubstr("setup: 7 packages to install"),
                             HasSubstr("12.3 MB to fetch, 45.6 MB on the disk"), HasSubstr("setup: 25 %\n"),
                             HasSubstr("setup: 75 %\n")));
  EXPECT_THAT(run.out + run.err, Not(HasSubstr("Selecting")));
  EXPECT_THAT(run.out, HasSubstr("setup: installed 2 of "));
  EXPECT_THAT(file_contents(folder_ / "calls"),
              HasSubstr("install --no-install-recommends cmake libzip-dev"));
  EXPECT_TRUE(logs().empty());
}

TEST_F(SetupScript, NamesTheFileWithAptsWordsWhenItFails) {
  const ProgramResult run = setup({{"FAILS", "Unable to locate package cmake"}});
  EXPECT_EQ(run.exit_code, 4);
  ASSERT_EQ(logs().size(), 1u);
  EXPECT_THAT(run.err, AllOf(HasSubstr("E: Unable to locate package cmake\n"),
                             HasSubstr("could not install: cmake libzip-dev"),
                             HasSubstr("all that it said is in " + logs()[0].string())));
  EXPECT_THAT(file_contents(logs()[0]), HasSubstr("Selecting previously unselected package cmake."));
}

TEST_F(SetupScript, WithoutRootGivesTheLineToRun) {
  if (has_program("sudo")) GTEST_SKIP() << "sudo is here";
  program("id", "echo 1000");
  const ProgramResult run = setup();
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_THAT(run.err,
              HasSubstr("\n  apt-get update && apt-get install --no-install-recommends cmake libzip-dev\n"));
  EXPECT_FALSE(fs::exists(folder_ / "calls"));
}

}  // namespace
}  // namespace runner::test
