// scripts/matrix.sh among stand-ins for root's programs: what it asks of them, and the row that it makes of a
// run.
#include <gmock/gmock.h>
#include <unistd.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

const std::string script = std::string(RUNNER_SOURCE_DIR) + "/scripts/matrix.sh";

class MatrixScript : public testing::Test {
 protected:
  MatrixScript() {
    program("id", "echo 0");
    program("unshare",
            "while [ \"$1\" != -- ] && [ \"$1\" != true ]; do shift; done\n"
            "[ \"$1\" != -- ] || shift\nexec \"$@\"");
    program("mount", ":");
    program("umount", ":");
    program("apt-config", ":");
    program("apt-get",
            "echo 'Debian-Security|http://security.example/debian/'\n"
            "echo 'Debian|http://mirror.example/debian/'");
    program("debootstrap",
            "echo \"$@\" >>\"$CALLS\"\n"
            "mkdir -p \"$3/etc\" \"$3/usr/sbin\" \"$3/dev\" \"$3/proc\" \"$3/sys\"");
    // The last word of a command tells which one it is: the rest is env's and bash's.
    program("chroot",
            "echo \"$@\" >>\"$CALLS\"\n"
            "case \"$*\" in\n"
            "  *dumpfullversion*) echo 14.2.0 ;;\n"
            "  *libtorch-dev) printf 2.6.0+dfsg-7 ;;\n"
            "  *libfaiss-dev) printf 1:1.11.0-1 ;;\n"
            "  *setup.sh*) exit ${SETUP:-0} ;;\n"
            "  *test.sh*) echo \"${LAST:-1234 passed, 0 failed, 5 skipped}\"; exit ${STATUS:-0} ;;\n"
            "esac");
    options_.environment = {{"PATH", folder_.path().string() + ":" + std::getenv("PATH")},
                            {"CALLS", (folder_ / "calls").string()}};
  }

  void program(const std::string& name, const std::string& body) {
    fs::permissions(folder_.write(name, "#!/bin/bash\n" + body + "\n"), fs::perms::owner_all);
  }
  ProgramResult matrix(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {script, "--folder", (folder_ / "systems").string()});
    return run_program(arguments, options_);
  }
  std::string calls() const { return file_contents(folder_ / "calls"); }

  TemporaryFolder folder_;
  ProgramOptions options_;
};

TEST_F(MatrixScript, TellsARowASystemAndRemovesWhatItMade) {
  const ProgramResult run = matrix({"debian13", "--", "-R", "npz"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "debian13  gcc 14.2  libtorch 2.6  faiss 1.11  passed 1234 failed 0 skipped 5  0 min\n");
  EXPECT_THAT(calls(), AllOf(HasSubstr("trixie"), HasSubstr("http://mirror.example/debian/"),
                             ContainsRegex("--userspec=builder:builder .*test.sh -R npz")));
  EXPECT_FALSE(fs::exists(folder_ / "systems/debian13"));
  EXPECT_TRUE(fs::exists(folder_ / "systems/debian13.log"));
}

TEST_F(MatrixScript, KeepsASystemForTheNextRun) {
  const ProgramResult run = matrix({"debian13", "--keep"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(fs::exists(folder_ / "systems/debian13/home/builder/runner/scripts/matrix.sh"));
  fs::remove(folder_ / "calls");
  fs::remove_all(folder_ / "systems/debian13/dev");
  fs::create_directory(folder_ / "systems/debian13/dev");
  EXPECT_EQ(matrix({"debian13"}).exit_code, 0);
  EXPECT_THAT(calls(), Not(HasSubstr("trixie")));
  EXPECT_TRUE(fs::exists(folder_ / "systems/debian13")) << "one that was there stays";
}

TEST_F(MatrixScript, PreparesWithoutBuilding) {
  const ProgramResult run = matrix({"clang", "--prepare"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("clang  clang 14.2"), HasSubstr("prepared in ")));
  EXPECT_THAT(calls(), AllOf(HasSubstr("trixie"), HasSubstr("recommends clang"), Not(HasSubstr("userspec"))));
}

TEST_F(MatrixScript, AFailedTestAndABuildThatDoesNotComeThatFarEndWith1) {
  options_.environment["STATUS"] = "1";
  options_.environment["LAST"] = "7 passed, 2 failed, 0 skipped";
  const ProgramResult failed = matrix({"testing"});
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_THAT(failed.out, HasSubstr("passed 7 failed 2 skipped 0"));
  options_.environment["LAST"] = "error: no such header";
  const ProgramResult unbuilt = matrix({"testing"});
  EXPECT_EQ(unbuilt.exit_code, 1);
  EXPECT_THAT(unbuilt.out, HasSubstr("FAILED before the tests ran, exit code 1"));
}

TEST_F(MatrixScript, SkipsWithTheReasonWhatCannotBeHad) {
  program("apt-get", "exit 100");
  const ProgramResult no_mirror = matrix({"debian13"});
  EXPECT_EQ(no_mirror.exit_code, 4);
  EXPECT_EQ(no_mirror.out, "debian13  skipped: apt knows no Debian mirror (apt-get update)\n");
  program("apt-get", "echo 'Debian|http://mirror.example/debian/'");
  program("debootstrap", "exit 1");
  const ProgramResult no_suite = matrix({"testing"});
  EXPECT_EQ(no_suite.exit_code, 4);
  EXPECT_THAT(no_suite.out, HasSubstr("testing  skipped: debootstrap of testing failed"));
  EXPECT_FALSE(fs::exists(folder_ / "systems/testing"));
}

TEST_F(MatrixScript, NeedsRootAndKnowsItsArguments) {
  program("id", "echo 1000");
  const ProgramResult user = matrix({"debian13"});
  EXPECT_EQ(user.exit_code, 4);
  EXPECT_THAT(user.err, HasSubstr("need root"));
  const ProgramResult odd = matrix({"debian9"});
  EXPECT_EQ(odd.exit_code, 2);
  EXPECT_THAT(odd.err, HasSubstr("unknown argument debian9"));
  EXPECT_EQ(run_program({script, "--folder"}).exit_code, 2);
  const ProgramResult help = run_program({script, "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("scripts/matrix.sh [SYSTEM]..."));
}

}  // namespace
}  // namespace runner::test
