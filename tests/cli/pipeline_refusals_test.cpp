// Pipelines that cannot be: one message with the place, exit code 2, before anything runs.
#include "cli/pipeline_runs.h"

namespace runner::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class RefusedPipelines : public PipelineRuns {
 protected:
  // By every command that reads it, in the same words.
  void refused(const std::string& steps, const std::string& place, const std::string& words) {
    write_steps(steps);
    for (const std::vector<std::string>& command : {std::vector<std::string>{"run", "pipeline.yaml"},
                                                    {"plan", "pipeline.yaml"},
                                                    {"config", "check", "pipeline.yaml"}}) {
      const ProgramResult result = runner(command);
      EXPECT_EQ(result.exit_code, 2) << command[0] << result.err;
      EXPECT_THAT(result.err, StartsWith("runner: " + place));
      EXPECT_THAT(result.err, HasSubstr(words));
    }
    const Json error = Json::parse(runner({"run", "pipeline.yaml", "--json"}).out).at("error");
    for (const Json& problem : error.at("problems")) EXPECT_NE(problem.at("place"), "") << error;
    EXPECT_FALSE(is_there("pipeline.lock.json"));
  }
};

TEST_F(RefusedPipelines, ACircle) {
  refused(index_step + "    after: [windows]\n" + windows_step + "    after: [near]\n" + search_step,
          "pipeline.yaml:5:13: steps[0].after: ",
          "a circle: index after windows after near after index; one of them has to be the first\n");
}

TEST_F(RefusedPipelines, StepsThatAreNotThere) {
  refused(index_step + "    after: [windoes]\n" + windows_step,
          "pipeline.yaml:5:13: steps[0].after: ", "no step is called 'windoes' (did you mean windows?)\n");
  refused(index_step + "    after: [index]\n", "pipeline.yaml:5:13: ", "a step cannot come after itself\n");
  refused(search_step, "pipeline.yaml:6:9: steps[0].set: ", "no step is called 'index'\n");
  refused(windows_step + "    set: [\"output={steps.index}\"]\n",
          "pipeline.yaml:5:11: steps[0].set: ", "expected {steps.NAME.output}, got '{steps.index}'\n");
}

TEST_F(RefusedPipelines, TwoStepsOfOneNameOrOneOutput) {
  refused(index_step + windows_step + index_step,
          "pipeline.yaml:7:11: steps[2].name: ", "another step is called 'index'");
  std::string other = index_step;
  other.replace(other.find("name: index"), 11, "name: again");
  refused(index_step + other + "    set: [output=./out/b/../a.index]\n",
          "pipeline.yaml:5:11: steps[1].name: ",
          "writes to ./out/b/../a.index, as 'index' does; give one of them another output\n");
}

TEST_F(RefusedPipelines, AnInputThatAnotherStepMakesAtItsOwnTime) {
  std::string loose = search_step;
  loose.replace(loose.find("{steps.index.output}"), 20, "out/a.index");
  for (const std::string& steps : {loose + index_step, index_step + loose})
    refused(steps, "pipeline.yaml:",
            "reads out/a.index, which 'index' makes, and does not come after it; add `after: [index]`\n");
  write_steps(loose + "    after: [index]\n" + index_step);
  EXPECT_EQ(states(), "index done, near done");
}

TEST_F(RefusedPipelines, ConfigurationsAndKeysThatAreWrong) {
  refused("  - name: index\n    config: indx.yaml\n", "pipeline.yaml:4:13: ", "no such config file");
  refused(index_step + "    set: [index.metrik=l2]\n",
          "pipeline.yaml:5:11: ", "index.metrik: unknown key (did you mean index.metric?)\n");
  refused(index_step + "    set: [input.vectors={steps.windows.output}]\n", "pipeline.yaml:5:25: ",
          "a text with braces needs quotes: \"input.vectors={steps.windows.output}\"\n");
  refused(index_step + "    flags: [--init, {steps.windows.output}]\n",
          "pipeline.yaml:5:12: ", "a text with braces needs quotes: \"{steps.windows.output}\"\n");
  refused(index_step + "    set: [l2]\n", "pipeline.yaml:5:11: ", "expected KEY=VALUE, got 'l2'\n");
  refused(index_step + "    flags: [--nothing]\n", "pipeline.yaml:5:13: ", "unknown flag --nothing");
  refused(index_step + "    job: search\n",
          "pipeline.yaml:4:13: ", "a config, or a job in its place: one of the two\n");
  refused("  - name: index\n    job: indx\n", "pipeline.yaml:4:10: ", "(did you mean index?)");
  refused("  - name: in.dex\n    config: index.yaml\n", "pipeline.yaml:3:11: ", "expected a letter");
  refused("  - nmae: index\n", "pipeline.yaml:3:5: ", "(did you mean name?)");
  refused("  - name: all\n    config: pipeline.yaml\n",
          "pipeline.yaml: ", "is a pipeline, and a step is one job");
  folder_.write("index.yaml", "job: index\ninput: {vectors: b.npz}\noutput: out/a.index\n");
  refused(index_step, "index.yaml:2:18: input.vectors: ", "no such file: b.npz\n");
}

// Both mistakes of the two steps, at once.
TEST_F(RefusedPipelines, TellEveryStepsMistakes) {
  write_steps(index_step + "    set: [index.metrik=l2]\n" + windows_step + "    set: [contxt=5]\n");
  const ProgramResult result = run();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("pipeline.yaml:5:11: index.metrik: "));
  EXPECT_THAT(result.err, HasSubstr("pipeline.yaml:8:11: contxt: "));
}

TEST_F(RefusedPipelines, ToBeAnotherCommandsJob) {
  const ProgramResult result = runner({"index", "pipeline.yaml"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("run it with: runner run pipeline.yaml"));
}

TEST_F(RefusedPipelines, ADamagedLockFile) {
  for (const char* text : {"{", "[]", R"({"steps": {"index": {"job": 5}}})"}) {
    folder_.write("pipeline.lock.json", text);
    const ProgramResult result = run();
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_THAT(result.err, HasSubstr("pipeline.lock.json"));
    EXPECT_THAT(result.err, HasSubstr("remove it, and every step runs again"));
  }
}

}  // namespace
}  // namespace runner::test
