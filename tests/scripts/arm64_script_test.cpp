// scripts/arm64.sh where it cannot do its work: what it says. The work itself takes an hour.
#include <gmock/gmock.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string script = std::string(RUNNER_SOURCE_DIR) + "/scripts/arm64.sh";

TEST(Arm64Script, AWrongArgumentIsNamed) {
  for (const char* argument : {"--kepe", "base"}) {
    const ProgramResult run = run_program({script, argument}, {});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("unknown argument " + std::string(argument)));
  }
  const ProgramResult run = run_program({script, "--folder"}, {});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("--folder needs a folder"));
}

// A PATH with nothing but what the script needs to speak, and somebody who is `user`.
ProgramResult among_few_programs(const TemporaryFolder& folder, int user) {
  for (const char* name : {"bash", "dirname", "basename", "readlink", "env"})
    for (const char* place : {"/bin/", "/usr/bin/"})
      if (fs::exists(std::string(place) + name) && !fs::exists(folder / name))
        fs::create_symlink(std::string(place) + name, folder / name);
  fs::permissions(folder.write("id", "#!/bin/bash\necho " + std::to_string(user) + "\n"),
                  fs::perms::owner_all);
  return run_program({script, "--folder", (folder / "made").string()},
                     {.folder = {}, .environment = {{"PATH", folder.path().string()}}});
}

TEST(Arm64Script, WhereToolsAreMissingItIsSkippedWithTheReason) {
  const TemporaryFolder folder;
  const ProgramResult run = among_few_programs(folder, 0);
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_THAT(run.err, HasSubstr("skipped: no aarch64-linux-gnu-g++ here (apt-get install debootstrap"));
  EXPECT_FALSE(fs::exists(folder / "made"));
}

TEST(Arm64Script, NobodyButRootMakesASystem) {
  const TemporaryFolder folder;
  const ProgramResult run = among_few_programs(folder, 1000);
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_THAT(run.err, HasSubstr("skipped: debootstrap and chroot need root"));
}

}  // namespace
}  // namespace runner::test
