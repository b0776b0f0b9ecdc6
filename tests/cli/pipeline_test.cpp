// runner run and plan of a pipeline: what runs, and what does not.
#include "base/file_lock.h"
#include "cli/pipeline_runs.h"

namespace runner::test {
namespace {

using ::testing::HasSubstr;

const std::string all_done = "index done, near done, windows done",
                  all_unchanged = "index unchanged, near unchanged, windows unchanged";

TEST_F(PipelineRuns, RunAllAndThenWhatChanged) {
  EXPECT_EQ(states(), all_done);
  for (const char* output : {"out/a.index", "near.npz", "windows.npz", "pipeline.lock.json"})
    EXPECT_TRUE(is_there(output)) << output;
  EXPECT_EQ(states(), all_unchanged);
  write_input(1);  // touched, and the same as before
  EXPECT_EQ(states(), all_unchanged);
  write_input(2);
  EXPECT_EQ(states(), all_done);
}

TEST_F(PipelineRuns, AChangedKeyRunsItsStepAndWhatReadsAnotherOutput) {
  ASSERT_EQ(states(), all_done);
  write_steps(index_step + "    set: [index.metric=l2]\n" + search_step + windows_step);
  EXPECT_EQ(states(), "index done, near done, windows unchanged");
  // The index that comes out is the same.
  write_steps(index_step + "    set: [index.metric=l2, verify.queries=10]\n" + search_step + windows_step);
  EXPECT_EQ(states(), "index done, near unchanged, windows unchanged");
}

TEST_F(PipelineRuns, AnOutputThatIsGoneOrNotTheirsIsMadeAgain) {
  ASSERT_EQ(states(), all_done);
  std::filesystem::remove(folder_ / "windows.npz");
  EXPECT_EQ(states(), "index unchanged, near unchanged, windows done");
  const std::string near = file_contents(folder_ / "near.npz");
  folder_.write("near.npz", "mine");
  const ProgramResult result = run();
  EXPECT_EQ(states_in(result), "index unchanged, near done, windows unchanged") << result.err;
  EXPECT_THAT(result.err, HasSubstr("near.npz is not what the step has made"));
  EXPECT_EQ(file_contents(folder_ / "near.npz"), near);
}

TEST_F(PipelineRuns, APlanSaysWhyAndChangesNothing) {
  for (const Json& step : plan()) {
    EXPECT_EQ(step["state"], "runs");
    EXPECT_EQ(step["reasons"], Json::array({"not run yet"}));
  }
  EXPECT_FALSE(is_there("pipeline.lock.json"));
  ASSERT_EQ(states(), all_done);
  write_steps(index_step + "    set: [index.metric=l2]\n" + search_step + windows_step);
  const std::string before = file_contents(folder_ / "pipeline.lock.json");
  const Json steps = plan();
  EXPECT_EQ(steps[0]["reasons"], Json::array({"index.metric inner_product -> l2"}));
  EXPECT_EQ(steps[1]["state"], "waits");
  EXPECT_EQ(steps[1]["reasons"], Json::array({"for index"}));
  EXPECT_EQ(steps[2]["state"], "unchanged");
  EXPECT_EQ(file_contents(folder_ / "pipeline.lock.json"), before);
  EXPECT_EQ(states_in(run({"--dry-run"})), "index runs, near waits, windows unchanged");
  write_input(3);
  EXPECT_EQ(plan()[2]["reasons"], Json::array({"a.npz has changed"}));
}

TEST_F(PipelineRuns, NamedStepsRunWithWhatTheyNeed) {
  EXPECT_EQ(states({"near"}), "index done, near done");
  EXPECT_FALSE(is_there("windows.npz"));
  EXPECT_EQ(states({"near", "--force"}), "index unchanged, near done");
  EXPECT_EQ(states({"--force"}), all_done);
  const ProgramResult wrong = run({"nera"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err,
              HasSubstr("no step is called 'nera' (did you mean near?); there are index, near, windows"));
}

TEST_F(PipelineRuns, AFailureStopsWithItsExitCodeAndTheNextRunGoesOn) {
  folder_.write("broken.npy", "not an array");
  std::string broken = search_step;
  broken.replace(broken.find("a.npz"), 5, "broken.npy");
  write_steps(index_step + broken + windows_step);
  const ProgramResult failed = run();
  EXPECT_EQ(failed.exit_code, 3) << failed.err;
  EXPECT_EQ(states_in(failed), "index done, near failed, windows not run");
  EXPECT_EQ(result_of(failed)["error"]["code"], 3);
  EXPECT_THAT(failed.err, HasSubstr("step near has failed, exit code 3"));
  const ProgramResult others = run({"--keep-going"});
  EXPECT_EQ(others.exit_code, 3);
  EXPECT_EQ(states_in(others), "index unchanged, near failed, windows done");
  std::filesystem::copy(folder_ / "a.npz", folder_ / "broken.npy",
                        std::filesystem::copy_options::overwrite_existing);
  write_steps(index_step + search_step + windows_step);
  EXPECT_EQ(states(), "index unchanged, near done, windows unchanged");
}

// What comes after a failed step has not its input.
TEST_F(PipelineRuns, KeepGoingLeavesOutWhatComesAfter) {
  folder_.write("index.yaml", "job: index\ninput: {vectors: broken.npy}\noutput: out/a.index\n");
  folder_.write("broken.npy", "not an array");
  const ProgramResult result = run({"--keep-going"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(states_in(result), "index failed, near not run, windows done") << result.err;
}

// A step that the file no longer has leaves the lock file too, and would run again if it came back.
TEST_F(PipelineRuns, RemovedStepsAreForgottenByTheNextRun) {
  ASSERT_EQ(states(), all_done);
  write_steps(index_step + search_step);
  EXPECT_EQ(plan().size(), 2U);
  EXPECT_THAT(file_contents(folder_ / "pipeline.lock.json"), HasSubstr("windows"))
      << "a plan changes nothing";
  EXPECT_EQ(states({"index"}), "index unchanged");
  const Json steps = Json::parse(file_contents(folder_ / "pipeline.lock.json"))["steps"];
  EXPECT_EQ(steps.size(), 2U) << steps;
  EXPECT_TRUE(is_there("windows.npz")) << "what it has made stays";
  write_steps(index_step + search_step + windows_step);
  EXPECT_EQ(states(), "index unchanged, near unchanged, windows done");
}

TEST_F(PipelineRuns, OneProcessRunsItAtATime) {
  const auto lock = FileLock::try_lock(folder_ / ".pipeline.running");
  const ProgramResult result = run();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("runs this pipeline"));
  EXPECT_EQ(plan().size(), 3U);
}

TEST_F(PipelineRuns, ATableIsForPeople) {
  const ProgramResult first = runner({"run", "pipeline.yaml", "--quiet"});
  EXPECT_THAT(first.out, ::testing::ContainsRegex("index    done  .*, out/a.index\n"));
  EXPECT_EQ(
      runner({"plan", "pipeline.yaml"}).out,
      "index    unchanged  out/a.index\nnear     unchanged  near.npz\nwindows  unchanged  windows.npz\n");
}

TEST_F(PipelineRuns, AreScheduledAsAnyJob) {
  folder_.write("bin/crontab", "#!/bin/sh\n[ \"$1\" = - ] && cat >tab || cat tab\n");
  std::filesystem::permissions(folder_ / "bin/crontab", std::filesystem::perms::owner_all);
  options_.environment["PATH"] = (folder_ / "bin").string() + ":" + std::getenv("PATH");
  options_.environment["XDG_STATE_HOME"] = (folder_ / "state").string();
  folder_.write("tab", "");
  const std::vector<std::string> install = {"schedule", "install", "pipeline.yaml", "--at",
                                            "hourly",   "--with",  "cron"};
  const ProgramResult installed = runner(install);
  EXPECT_EQ(installed.exit_code, 0) << installed.err;
  const ProgramResult started = runner({"schedule", "start", "pipeline.yaml"});
  EXPECT_EQ(started.exit_code, 0) << started.err;
  EXPECT_EQ(states(), all_unchanged);
  write_steps(index_step + "    after: [nera]\n");
  EXPECT_EQ(runner(install).exit_code, 2);
}

// Its flags stand beside those of jobs.
TEST_F(PipelineRuns, HaveHelpASchemaAndAShownForm) {
  const ProgramResult help = runner({"run", "pipeline.yaml", "--help"});
  EXPECT_THAT(help.out, HasSubstr("--keep-going"));
  EXPECT_THAT(help.out, HasSubstr("[STEP]..."));
  EXPECT_THAT(runner({"help", "--man"}).out, HasSubstr("keep\\-going"));
  EXPECT_THAT(runner({"completion", "bash"}).out, HasSubstr("--keep-going"));
  const Json schema = Json::parse(runner({"config", "schema", "pipeline.yaml"}).out);
  EXPECT_EQ(schema["properties"]["job"]["const"], "pipeline");
  EXPECT_EQ(schema["properties"]["steps"]["items"]["required"], Json::array({"name"}));
  const ProgramResult shown = runner({"config", "show", "pipeline.yaml"});
  folder_.write("again.yaml", shown.out);
  EXPECT_EQ(runner({"config", "check", "again.yaml"}).exit_code, 0) << shown.out;
}

}  // namespace
}  // namespace runner::test
