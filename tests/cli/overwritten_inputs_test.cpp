// An input that is overwritten in place while a job works on it: nothing is made of the mixture of two files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string sample = std::string(RUNNER_SOURCE_DIR) + "/artifacts/sample/cppdocs_768.npz";

class OverwrittenInputs : public testing::Test {
 protected:
  void SetUp() override { fs::copy_file(sample, folder / "x.npz"); }

  // Runs the job, and once the shell's condition `read` holds, in the folder, writes `bytes` over x.npz.
  ProgramResult run(const std::vector<std::string>& arguments, const std::string& read,
                    const std::string& bytes = "other") {
    std::vector<std::string> command = {
        "sh", "-c",
        "\"$@\" & pid=$!; until " + read + " || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done\nprintf " +
            bytes + " | dd of=x.npz bs=1 seek=5000 conv=notrunc 2>/dev/null; wait $pid",
        "sh", std::string(RUNNER_BUILD_DIR) + "/runner"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_program(command, {.folder = folder.path().string(),
                                 .environment = {{"RUNNER_CACHE_DIR", (folder / "cache").string()}}});
  }
  void expect_refused(const ProgramResult& run, const std::string& output) {
    EXPECT_EQ(run.exit_code, 3) << run.err;
    EXPECT_THAT(run.err, HasSubstr("x.npz: was overwritten while this job read it"));
    EXPECT_FALSE(fs::exists(folder / output));
    for (const auto& entry : fs::directory_iterator(folder.path()))
      EXPECT_THAT(entry.path().filename().string(), testing::Not(testing::EndsWith(".tmp")));
  }

  TemporaryFolder folder;
};

TEST_F(OverwrittenInputs, BecomeNoSequences) {
  folder.write("s.yaml", "job: sequences\ninput: {vectors: x.npz}\ncompress: true\noutput: s.npz\n");
  expect_refused(run({"sequences", "s.yaml"}, "ls -A | grep -q 's.npz.*tmp'"), "s.npz");
}

TEST_F(OverwrittenInputs, BecomeNoIndex) {
  folder.write("i.yaml", "job: index\ninput: {vectors: x.npz}\nindex: {factory: HNSW32}\noutput: x.index\n");
  expect_refused(run({"index", "i.yaml"}, "test -e cache/content_hashes.json"), "x.index");
}

}  // namespace
}  // namespace runner::test
