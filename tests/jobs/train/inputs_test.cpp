// Data of a run that change under it, or do not fit its weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/formats/numpy/npz_writer.h"
#include "jobs/train/small_run.h"

namespace runner::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string sample = std::string(RUNNER_SOURCE_DIR) + "/artifacts/sample/cppdocs_768.npz";

// What has been trained since is of no use: no checkpoint and no model is made of it.
TEST(TrainInputs, AnInputThatIsOverwrittenInPlaceEndsTheRunWithItsName) {
  const TemporaryFolder folder;
  fs::copy_file(sample, folder / "x.npz");
  const std::string script =
      "run=$1; data=$2; shift 2; \"$@\" & pid=$!\n"
      "while ! ls \"$run\"/checkpoints/step-* >/dev/null 2>&1 && kill -0 $pid; do sleep 0.05; done\n"
      "printf other | dd of=\"$data\" bs=1 seek=5000 conv=notrunc 2>/dev/null; wait $pid";
  std::vector<std::string> command = {"sh",
                                      "-c",
                                      script,
                                      "sh",
                                      (folder / "run").string(),
                                      (folder / "x.npz").string(),
                                      std::string(RUNNER_BUILD_DIR) + "/runner"};
  const auto arguments =
      small_run(folder / "run", {"--set", "train.epochs=500", "--npz", (folder / "x.npz").string()});
  command.insert(command.end(), arguments.begin(), arguments.end());
  const ProgramResult result = run_program(command, in_source());
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr((folder / "x.npz").string() + ": was overwritten while this job read it"));
  EXPECT_EQ(Json::parse(file_contents(folder / "run/manifest.json")).value("outcome", ""), "failed");
  EXPECT_FALSE(fs::is_empty(folder / "run/checkpoints"));
  // The same file again: the run goes on from what it had saved.
  fs::copy_file(sample, folder / "x.npz", fs::copy_options::overwrite_existing);
  const ProgramResult resumed =
      run_runner(small_run(folder / "run", {"--resume", "--set", "train.epochs=500", "--max-steps", "1",
                                            "--npz", (folder / "x.npz").string()}),
                 in_source());
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr("going on from"));
}

TEST(TrainInputs, WeightsForAnotherWidthAreNamedWithTheFileOfTheData) {
  const TemporaryFolder folder;
  const std::string old = std::string(RUNNER_SOURCE_DIR) + "/tests/fixtures/old_model/best_model_torch113.pt";
  const ProgramResult result = run_runner(small_run(folder / "run", {"--init", old}), in_source());
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.err, HasSubstr("--init " + old + ": is for vectors of width "));
  EXPECT_THAT(result.err, HasSubstr("cppdocs_768.npz: array vectors has width 768"));
}

}  // namespace
}  // namespace runner::test
