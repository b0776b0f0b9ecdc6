// scripts/slurm/ on a Slurm of the test's own.
#include <gmock/gmock.h>

#include "support/slurm_cluster.h"

namespace runner::test {
namespace {
using ::testing::HasSubstr;

const std::string source = RUNNER_SOURCE_DIR, program = std::string(RUNNER_BUILD_DIR) + "/runner";

TEST(SlurmScripts, RebuildAnIndexAsAnArray) {
  SlurmCluster slurm;
  if (const std::string reason = slurm.start(); !reason.empty()) GTEST_SKIP() << reason;
  TemporaryFolder folder;
  ProgramOptions options{folder.path().string(), slurm.environment()};
  options.environment["RUNNER"] = program;
  options.environment["RUNNER_CACHE_DIR"] = (folder / "cache").string();
  const std::string sample = source + "/artifacts/sample/cppdocs_768.npz",
                    config = source + "/configs/index_flat_ip.yaml";
  const std::vector<std::string> index = {config, "--npz", sample, "--output"};
  const auto with = [](std::vector<std::string> words, const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };

  const ProgramResult sent = run_program(
      {source + "/scripts/slurm/rebuild_index.sh", config, "3", "--npz", sample, "--output", "array.index"},
      options);
  ASSERT_EQ(sent.exit_code, 0) << sent.err;
  EXPECT_THAT(sent.out, HasSubstr("(0-2), merge: "));
  ASSERT_TRUE(slurm.drained()) << slurm.log();
  ASSERT_EQ(run_runner(with({"index"}, with(index, {"one.index"})), options).exit_code, 0);
  EXPECT_EQ(file_contents(folder / "array.index"), file_contents(folder / "one.index"));
  EXPECT_FALSE(std::filesystem::exists(folder / "array.index.shards"));
}

// What Slurm does two minutes before the time limit (--signal=B:TERM@120), and an administrator any time.
TEST(SlurmScripts, TrainOnAfterASignal) {
  SlurmCluster slurm;
  if (const std::string reason = slurm.start(); !reason.empty()) GTEST_SKIP() << reason;
  TemporaryFolder folder;
  ProgramOptions options{folder.path().string(), slurm.environment()};
  options.environment["RUNNER"] = program;
  const std::string run = (folder / "run").string(), log = (folder / "log").string();
  const ProgramResult sent =
      run_program({"sbatch", "--parsable", "--output=" + log, source + "/scripts/slurm/train.sh",
                   source + "/configs/mse_gru.yaml", "--npz", source + "/artifacts/sample/cppdocs_768.npz",
                   "--device", "cpu", "--output", run},
                  options);
  ASSERT_EQ(sent.exit_code, 0) << sent.err;
  const std::string job = sent.out.substr(0, sent.out.find_first_of(";\n"));
  const auto comes = [&](const std::string& condition) { return slurm.comes_up({"sh", "-c", condition}); };
  const std::string stop = "scancel --batch --signal=TERM " + job;
  ASSERT_TRUE(comes("grep -q 'first step' " + log)) << file_contents(log) << slurm.log();
  EXPECT_EQ(slurm.run({"sh", "-c", stop}).exit_code, 0);
  ASSERT_TRUE(comes("squeue --noheader --format=%T --jobs=" + job + " | grep -q PENDING"))
      << file_contents(log);
  EXPECT_THAT(file_contents(log), HasSubstr("back into the queue"));
  // Slurm holds a job that was requeued for two minutes.
  EXPECT_EQ(slurm.run({"scontrol", "update", "jobid=" + job, "StartTime=now"}).exit_code, 0);
  EXPECT_TRUE(comes("grep -q 'going on from " + run + "/checkpoints/step-' " + log)) << file_contents(log);
  EXPECT_EQ(slurm.run({"scancel", job}).exit_code, 0);
  EXPECT_TRUE(slurm.drained());
}

TEST(SlurmScripts, SayWhatIsMissing) {
  const std::string rebuild = source + "/scripts/slurm/rebuild_index.sh",
                    train = source + "/scripts/slurm/train.sh";
  const ProgramOptions nothing{"", {{"PATH", "/usr/bin:/bin"}, {"RUNNER", program}}};
  EXPECT_EQ(run_program({rebuild, "x.yaml"}, nothing).exit_code, 2);
  EXPECT_THAT(run_program({rebuild, "x.yaml", "0"}, nothing).err, HasSubstr("N is '0'"));
  const ProgramResult folderless = run_program({train, source + "/configs/p6b_v23.yaml"}, nothing);
  EXPECT_EQ(folderless.exit_code, 2);
  EXPECT_THAT(folderless.err, HasSubstr("--output DIR is missing"));
}

}  // namespace
}  // namespace runner::test
