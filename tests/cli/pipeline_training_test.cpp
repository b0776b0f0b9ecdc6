// A pipeline with training on the bundled sample: names with a time, gates, interruption.
#include <csignal>
#include <thread>

#include "cli/pipeline_runs.h"

namespace runner::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string sources = RUNNER_SOURCE_DIR, sample = sources + "/artifacts/sample/cppdocs_768.npz";

class TrainingPipeline : public PipelineRuns {
 protected:
  void SetUp() override {
    PipelineRuns::SetUp();
    write(model(""));
  }
  static std::string model(const std::string& more) {
    std::string step = "  - name: model\n    config: " + sources + "/configs/p6b_v23.yaml\n    set:\n";
    for (const char* setting :
         {"data.vectors={steps.windows.output}", "data.validation.fraction=0.3", "model.d_model=32",
          "model.heads=4", "model.layers=1", "model.feedforward=64", "train.epochs=1",
          "checkpoint.every_steps=5", "precision=fp32", "output=models/{name}_{timestamp}"})
      step += std::string("      - ") + setting + "\n";
    return step + more;
  }
  void write(const std::string& model, bool allow_failed_gates = true) const {
    const std::string gates = allow_failed_gates ? "    allow_failed_gates: true\n" : "";
    write_steps(
        "  - name: windows\n    config: " + sources +
        "/configs/sequences_ctx5.yaml\n    set:\n      - input.vectors=" + sample +
        "\n      - target_offset=2\n      - exclude_articles=[\"30-2000\"]\n"
        "      - output=windows.npz\n" +
        model + "  - name: eval\n    config: " + sources +
        "/configs/eval_5cat.yaml\n    set:\n      - model={steps.model.output}\n      - articles=" + sample +
        "\n      - val.vectors=" + sample + "\n      - samples=20\n      - output=eval.json\n" + gates +
        "  - name: index\n    config: index.yaml\n    set:\n      - input.vectors=" + sample +
        "\n  - name: predictions\n    job: predict\n    set:\n      - model={steps.model.output}\n"
        "      - input.vectors=" +
        sample + "\n      - index={steps.index.output}\n      - k=2\n      - output=predictions.tsv\n");
  }
  std::vector<fs::path> models() const {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(folder_ / "models"))
      if (entry.is_directory() && !entry.is_symlink()) folders.push_back(entry.path());
    return folders;
  }
  // Starts it, sends the signal once there is a checkpoint, and waits for the end.
  int run_and_signal(int signal) const {
    const pid_t child = ::fork();
    if (child == 0) {
      if (::chdir(folder_.path().c_str()) != 0) ::_exit(126);
      const int log = ::open("log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
      ::dup2(log, 1);
      ::dup2(log, 2);
      ::execl(RUNNER_BUILD_DIR "/runner", "runner", "run", "pipeline.yaml", nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 600 && !has_checkpoint(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(has_checkpoint()) << file_contents(folder_ / "log");
    ::kill(child, signal);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  bool has_checkpoint() const {
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder_ / "models", error), end; !error && at != end;
         at.increment(error))
      if (at->path().filename().string().starts_with("step-")) return true;
    return false;
  }
};

TEST_F(TrainingPipeline, FromVectorsToPredictions) {
  const std::string rest = "index done, predictions done";
  EXPECT_EQ(states(), "windows done, model done, eval done, " + rest);
  ASSERT_EQ(models().size(), 1U);
  EXPECT_GT(file_contents(folder_ / "predictions.tsv").size(), 1000U);
  EXPECT_EQ(Json::parse(file_contents(folder_ / "eval.json"))["passed"], false);
  const ProgramResult again = run();
  EXPECT_EQ(states_in(again),
            "windows unchanged, model unchanged, eval unchanged, index unchanged, predictions unchanged");
  EXPECT_EQ(result_of(again)["steps"][1]["output"], fs::relative(models()[0], folder_.path()).string());
  EXPECT_EQ(models().size(), 1U);

  // Checkpoints, reports and logs are nobody's input.
  fs::remove_all(models()[0] / "checkpoints");
  folder_.write(fs::relative(models()[0] / "report.html", folder_.path()).string(), "");
  write(model("      - train.batch_size=16\n"));
  EXPECT_EQ(states(), "windows unchanged, model done, eval done, index unchanged, predictions done");
  EXPECT_EQ(models().size(), 2U);
}

TEST_F(TrainingPipeline, FailedGatesAreAFailureUnlessAllowed) {
  write(model(""), false);
  const ProgramResult result = run();
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_EQ(states_in(result), "windows done, model done, eval failed, index not run, predictions not run");
  write(model(""), true);
  EXPECT_EQ(states({"eval"}), "windows unchanged, model unchanged, eval done");
}

class StoppedPipeline : public TrainingPipeline, public testing::WithParamInterface<int> {};

TEST_P(StoppedPipeline, GoesOnWithTheTrainingWhereItWas) {
  write(model("      - train.batch_size=2\n"));
  const int code = run_and_signal(GetParam());
  EXPECT_EQ(code, 128 + GetParam()) << file_contents(folder_ / "log");
  ASSERT_EQ(models().size(), 1U);
  const ProgramResult result = run({"model"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(states_in(result), "windows unchanged, model done");
  EXPECT_THAT(result.err, HasSubstr("going on from"));
  EXPECT_EQ(models().size(), 1U);
  EXPECT_EQ(states({"model"}), "windows unchanged, model unchanged");
}

INSTANTIATE_TEST_SUITE_P(By, StoppedPipeline, testing::Values(SIGKILL, SIGINT),
                         [](const auto& info) { return info.param == SIGINT ? "Interrupt" : "Kill"; });

}  // namespace
}  // namespace runner::test
