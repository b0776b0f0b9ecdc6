// The jobs as they run on MPS: the plug-in of train, eval, predict and smoke in this process, with device:
// mps.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>

#include "base/error.h"
#include "base/log.h"
#include "config/dump.h"
#include "config/resolve.h"
#include "config/values.h"
#include "contract/job.h"
#include "jobs/registry.h"
#include "mps_rules/rules.h"
#include "support/temporary_folder.h"

namespace runner::test {
namespace {

using mps::forget;
using mps::seen;
using testing::HasSubstr;
using testing::IsEmpty;
using Settings = std::vector<std::pair<std::string, std::string>>;  // key, YAML text

const std::string vectors = RUNNER_SOURCE_DIR "/tests/fixtures/sequences/input.npz";  // width 8

decltype(&runner_plugin_run) plugin() {
  static void* const library = ::dlopen(RUNNER_BUILD_DIR "/librunner_train.so", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(::dlerror());
  return reinterpret_cast<decltype(&runner_plugin_run)>(::dlsym(library, "runner_plugin_run"));
}

// As the launcher resolves it, and the worker runs it.
Json run(const std::string& job, const std::string& yaml, const Settings& settings,
         Arguments arguments = {}) {
  const jobs::JobType* type = jobs::find_job(job);
  const auto options = type->make();
  config::Binder binder;
  options->declare_all(binder);
  std::vector<config::Override> overrides;
  for (const auto& [key, value] : settings) overrides.push_back({key, value, "--set " + key});
  config::throw_if_any(config::resolve(binder, yaml, "test.yaml", overrides));
  JobContext context;
  context.job = job;
  context.values = config::values_of(binder);
  context.config = config::dump_yaml(binder, false);
  context.config_with_origins = config::dump_yaml(binder, true);
  context.arguments = std::move(arguments);
  context.json = true;
  JobResult result;
  plugin()(context, result);
  return result.result;
}

std::string shipped(const std::string& name) {
  return file_contents(RUNNER_SOURCE_DIR "/configs/" + name + ".yaml");
}

class MpsJobs : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("RUNNER_LOG", "info", 1);
    setup_logging(Verbosity::quiet);
    forget();
  }
  // No log of a run goes into the file of the next.
  void TearDown() override { setup_logging(Verbosity::quiet); }

  // Trains what a shipped file says, small, for so many steps, of eight epochs at most.
  Json train(const std::string& config, const std::string& name, std::int64_t steps, Settings more = {}) {
    Settings settings = {{"data.vectors", vectors},           {"device", "mps"},
                         {"train.batch_size", "32"},          {"train.epochs", "8"},
                         {"checkpoint.every_steps", "3"},     {"baselines.ridge", "true"},
                         {"output", (folder / name).string()}};
    settings.insert(settings.end(), more.begin(), more.end());
    Arguments arguments;
    arguments.max_steps = steps;
    return run("train", shipped(config), settings, arguments);
  }

  static Settings small(const std::string& type) {
    Settings settings;
    if (type != "lstm") settings.emplace_back("model.d_model", "32");
    if (type == "transformer")
      settings.insert(settings.end(), {{"model.heads", "4"}, {"model.feedforward", "48"}});
    if (type == "transformer" || type == "gru") settings.emplace_back("model.layers", "2");
    if (type == "lstm" || type == "amn") settings.emplace_back("model.hidden", "32");
    return settings;
  }

  TemporaryFolder folder;
};

void expect_no_rule_broken() {
  EXPECT_THAT(seen().broken, IsEmpty());
  EXPECT_GT(seen().operators["addmm.out"], 0) << "the device was not used";
}

TEST_F(MpsJobs, EveryShippedTrainingKeepsTheRules) {
  for (const auto& [config, type] : {std::pair<const char*, const char*>{"mse_transformer", "transformer"},
                                     {"mse_lstm", "lstm"},
                                     {"mse_gru", "gru"},
                                     {"mse_amn", "amn"},
                                     {"p6b_v1", "transformer"},
                                     {"p6b_v21", "transformer"},
                                     {"p6b_v22", "transformer"},
                                     {"p6b_v23", "transformer"},
                                     {"lvm_residual", "transformer"}}) {
    SCOPED_TRACE(config);
    forget();
    const Json result = train(config, config, 5, small(type));
    EXPECT_EQ(result.at("device"), "mps");
    EXPECT_EQ(result.at("steps"), 5);
    expect_no_rule_broken();
    EXPECT_THAT(file_contents(folder / config / "train.log"),
                HasSubstr("on mps against the CPU: prediction "));
  }
}

TEST_F(MpsJobs, ResidualsPiecesAndAResumeKeepThem) {
  for (const char* residual : {"last", "mean", "learned"}) {
    Settings more = small("transformer");
    more.insert(more.end(), {{"model.residual", residual}, {"train.accumulate", "2"}});
    train("p6b_v23", residual, 4, more);
    expect_no_rule_broken();
    Arguments resume;
    resume.resume = "auto";
    resume.max_steps = 8;
    Settings settings = {{"data.vectors", vectors},
                         {"device", "mps"},
                         {"train.batch_size", "32"},
                         {"train.epochs", "8"},
                         {"checkpoint.every_steps", "3"},
                         {"baselines.ridge", "true"},
                         {"output", (folder / residual).string()}};
    settings.insert(settings.end(), more.begin(), more.end());
    EXPECT_EQ(run("train", shipped("p6b_v23"), settings, resume).at("steps"), 8);
    expect_no_rule_broken();
  }
}

// The weights are those of the CPU's plain engine, but for linear's other order of sums.
TEST_F(MpsJobs, ARunGivesWhatTheCpuGives) {
  const Json there = train("p6b_v23", "there", 6, small("transformer"));
  Settings more = small("transformer");
  more.insert(more.end(), {{"device", "cpu"}, {"precision", "fp32"}, {"train.engine", "plain"}});
  const Json here = train("p6b_v23", "here", 6, more);
  EXPECT_NEAR(there.at("best_val_loss").get<double>(), here.at("best_val_loss").get<double>(), 1e-5);
  EXPECT_NEAR(there.at("best_val_cosine").get<double>(), here.at("best_val_cosine").get<double>(), 1e-4);
}

// The whole loop, not the step alone: two steps more are two reads more.
TEST_F(MpsJobs, AStepOfTheTrainerReadsOnce) {
  const auto reads = [&](const std::string& name, std::int64_t steps) {
    forget();
    train("p6b_v23", name, steps, [] {
      Settings more = small("transformer");
      more.emplace_back("train.batch_size", "4");  // both in the first epoch, before its validation
      more.emplace_back("train.log_every", "1");
      more.emplace_back("checkpoint.every_steps", "0");
      return more;
    }());
    return seen().reads;
  };
  EXPECT_EQ(reads("five", 5) - reads("three", 3), 2);
}

TEST_F(MpsJobs, EvalAndPredictKeepTheRules) {
  for (const char* type : {"transformer", "lstm", "gru", "amn"}) {
    SCOPED_TRACE(type);
    train(std::string("mse_") + type, type, 2, small(type));
    const std::string model = (folder / type).string();
    forget();
    const Json told = run("eval",
                          "job: eval\narticles: " + vectors + "\nval: {vectors: " + vectors +
                              ", articles: validation}\nsamples: 40\ndevice: mps\n",
                          {{"model", model}, {"output", (folder / "report.json").string()}});
    EXPECT_TRUE(told.contains("VAL")) << told;
    expect_no_rule_broken();
    forget();
    const Json predicted = run(
        "predict", "job: predict\ndevice: mps\n",
        {{"model", model}, {"input.vectors", vectors}, {"output", (folder / "predictions.npz").string()}});
    EXPECT_EQ(predicted.at("device"), "mps");
    expect_no_rule_broken();
  }
}

TEST_F(MpsJobs, SmokeKeepsTheRules) {
  const Json told = run("smoke", "job: smoke\ndevice: mps\nsteps: 3\n", {});
  EXPECT_THAT(told.dump(), HasSubstr("mps"));
  expect_no_rule_broken();
}

// What is refused, and with which code: in each job that computes a model.
TEST_F(MpsJobs, NoneBeginsOnADeviceThatComputesWrongly) {
  train("mse_transformer", "right", 2, small("transformer"));
  const mps::WrongResults wrong("addmm.out", [](at::Tensor& result) { result.select(0, 1).mul_(1.5); });
  const std::string model = (folder / "right").string();
  const std::vector<std::function<void()>> begins = {
      [&] { train("p6b_v23", "wrong", 2, small("transformer")); },
      [&] {
        run("predict", "job: predict\ndevice: mps\n",
            {{"model", model}, {"input.vectors", vectors}, {"output", (folder / "p.npz").string()}});
      },
      [&] {
        run("eval",
            "job: eval\narticles: " + vectors + "\nval: {vectors: " + vectors +
                ", articles: validation}\nsamples: 40\ndevice: mps\n",
            {{"model", model}, {"output", (folder / "r.json").string()}});
      },
      [&] { run("smoke", "job: smoke\ndevice: mps\nsteps: 3\n", {}); }};
  for (const auto& begin : begins) {
    try {
      begin();
      ADD_FAILURE() << "it was not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::environment) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("on mps against the CPU: prediction "));
      EXPECT_THAT(error.what(), HasSubstr("device: cpu"));
    }
  }
}

}  // namespace
}  // namespace runner::test
