// The .deb that `--target package` makes: what is in it, what it depends on, and that it runs from where it
// is unpacked.

#include <gmock/gmock.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string build = RUNNER_BUILD_DIR;

class Package : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("dpkg-shlibdeps") || !has_program("cpack"))
      GTEST_SKIP() << "no dpkg-shlibdeps or no cpack here";
    const ProgramResult made =
        run_program({"cpack", "--config", build + "/CPackConfig.cmake", "-B", (folder_ / "made").string()});
    ASSERT_EQ(made.exit_code, 0) << made.out << made.err;
    for (const auto& entry : fs::directory_iterator(folder_ / "made"))
      if (entry.path().extension() == ".deb") package_ = entry.path();
    ASSERT_FALSE(package_.empty()) << made.out;
  }
  std::string dpkg_deb(const std::vector<std::string>& words) const {
    std::vector<std::string> command = {"dpkg-deb"};
    command.insert(command.end(), words.begin(), words.end());
    const ProgramResult result = run_program(command);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  TemporaryFolder folder_;
  fs::path package_;
};

TEST_F(Package, HoldsAllThatAUserNeedsAndNoTests) {
  const std::string files = dpkg_deb({"--contents", package_.string()});
  for (const char* file :
       {"./usr/bin/runner\n", "./usr/lib/runner/librunner_core.so\n", "./usr/lib/runner/librunner_train.so\n",
        "./usr/share/runner/configs/p6b_v23.yaml\n", "./usr/share/runner/schemas/train.schema.json\n",
        "./usr/share/runner/python/runner_lvm.py\n", "./usr/share/runner/sample/cppdocs_768.npz\n",
        "./usr/share/bash-completion/completions/runner\n", "./usr/share/zsh/site-functions/_runner\n",
        "./usr/share/fish/vendor_completions.d/runner.fish\n", "./usr/share/man/man1/runner.1\n",
        "./usr/share/doc/runner/copyright\n", "./usr/share/doc/runner/docs/cli.md\n"})
    EXPECT_THAT(files, HasSubstr(file));
  EXPECT_THAT(files, Not(HasSubstr("_test")));
}

TEST_F(Package, DependsOnTheLibrariesThatItsFilesLoadAndOnOnePoolOfThreads) {
  const std::string control = dpkg_deb({"--field", package_.string()});
  EXPECT_THAT(control, AllOf(HasSubstr("Package: runner\n"), HasSubstr("libtorch"), HasSubstr("libyaml-cpp"),
                             HasSubstr("libopenblas0-openmp"), HasSubstr("libzip")));
}

// As it stands in the package, beside nothing of the build.
TEST_F(Package, RunsFromWhereItIsUnpacked) {
  const fs::path root = folder_ / "root";
  dpkg_deb({"--extract", package_.string(), root.string()});
  const ProgramOptions elsewhere{folder_.path().string(), {{"LD_LIBRARY_PATH", ""}}};
  const std::string program = (root / "usr/bin/runner").string();
  EXPECT_EQ(run_program({program, "configs", "show", "p6b_v23"}, elsewhere).exit_code, 0);
  const ProgramResult plan = run_program({program, "plan", "p6b_v23"}, elsewhere);
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  const ProgramResult loaded = run_program({"ldd", (root / "usr/lib/runner/librunner_train.so").string()});
  EXPECT_THAT(loaded.out, AllOf(HasSubstr((root / "usr/lib/runner/librunner_core.so").string()),
                                Not(HasSubstr("not found")), Not(HasSubstr(build))));
}

}  // namespace
}  // namespace runner::test
