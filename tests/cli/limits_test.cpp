// Limits of the shell and folders that are not there: each end is said in a line, with the limit's name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

using testing::HasSubstr;

const std::string bundled = std::string(RUNNER_SOURCE_DIR) + "/artifacts/sample/cppdocs_768.npz";

class Limits : public testing::Test {
 protected:
  // Under `limits`, a line of sh; stdout ends in one JSON object.
  ProgramResult run(const std::string& limits, const std::string& words) const {
    return run_program(
        {"sh", "-c", limits + "; exec \"$0\" " + words + " --json", RUNNER_BUILD_DIR "/runner"},
        {folder_.path().string(), {{"RUNNER_CACHE_DIR", (folder_ / "cache").string()}, {"SAMPLE", bundled}}});
  }
  void SetUp() override {
    folder_.write("index.yaml", "job: index\ninput: {vectors: '" + bundled + "'}\noutput: x.index\n");
    folder_.write("sequences.yaml", "job: sequences\ninput: {vectors: '" + bundled + "'}\noutput: s.npz\n");
  }
  static Json error_of(const ProgramResult& result) {
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 1) << result.out;
    return Json::parse(result.out, nullptr, false)["error"];
  }

  TemporaryFolder folder_;
};

TEST_F(Limits, AddressesThatDoNotDoForTheLibrariesAreSaidBeforeTheyHang) {
  for (const char* limits : {"ulimit -v 200000", "ulimit -v 330000"}) {
    const ProgramResult result = run(limits, "index index.yaml");
    EXPECT_EQ(result.exit_code, 4) << result.err;
    EXPECT_THAT(result.err, HasSubstr("ulimit -v: `ulimit -v` allows "));
    EXPECT_EQ(error_of(result)["code"], 4);
  }
  EXPECT_EQ(run("ulimit -v 4000000", "index index.yaml").exit_code, 0);
}

TEST_F(Limits, AFileThatMayNotGrowIsNamedWithTheLimit) {
  for (const char* words : {"index index.yaml", "sequences sequences.yaml"}) {
    const ProgramResult result = run("ulimit -f 1000", words);
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr("; `ulimit -f` allows 5"));
    EXPECT_THAT(error_of(result)["message"].get<std::string>(), HasSubstr("ulimit -f"));
  }
  // Not even what the launcher hands to its worker.
  const ProgramResult tiny = run("ulimit -f 1", "index index.yaml");
  EXPECT_EQ(tiny.exit_code, 1) << tiny.err;
  EXPECT_THAT(tiny.err, HasSubstr("`ulimit -f` allows"));
  EXPECT_EQ(error_of(tiny)["code"], 1);
}

// Deflated arrays are unpacked there.
TEST_F(Limits, AFolderForTemporaryFilesThatIsNotThereIsNamed) {
  const auto packed =
      run_program({"python3", "-c",
                   "import sys, zipfile\n"
                   "with zipfile.ZipFile(sys.argv[1]) as a, zipfile.ZipFile('z.npz', 'w', 8) as z:\n"
                   "  for name in a.namelist(): z.writestr(name, a.read(name), 8)",
                   bundled},
                  {folder_.path().string(), {}});
  if (packed.exit_code != 0) GTEST_SKIP() << "no python3: " << packed.err;
  EXPECT_EQ(run(":", "index index.yaml --npz z.npz").exit_code, 0);
  const ProgramResult result = run("export TMPDIR=/no/such/folder", "index index.yaml --npz z.npz --force");
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("TMPDIR"));
  EXPECT_THAT(result.err, HasSubstr("/no/such/folder/"));
}

}  // namespace
}  // namespace runner::test
