#pragma once
// A pipeline as a user runs it: quick steps on an input of some hundred rows.

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

#include "data/formats/numpy/npz_writer.h"
#include "jobs/train/small_run.h"

namespace runner::test {

class PipelineRuns : public ::testing::Test {
 protected:
  void SetUp() override {
    write_input(1);
    folder_.write("windows.yaml",
                  "job: sequences\ninput: {vectors: a.npz}\nwithin_article: false\noutput: windows.npz\n");
    folder_.write("index.yaml",
                  "job: index\ninput: {vectors: a.npz}\nverify: {queries: 20}\noutput: out/a.index\n");
    write_steps(index_step + search_step + windows_step);
    options_.folder = folder_.path().string();
    options_.environment = {{"RUNNER_CACHE_DIR", (folder_ / "cache").string()}};
  }

  void write_input(unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(300 * 16);
    for (float& value : values) value = normal(random);
    data::NpzWriter writer(folder_ / "a.npz");
    writer.write("vectors", data::DType::f32, {300, 16}, values.data());
    writer.finish();
  }
  void write_steps(const std::string& steps) const {
    folder_.write("pipeline.yaml", "job: pipeline\nsteps:\n" + steps);
  }

  ProgramResult runner(const std::vector<std::string>& words) const { return run_runner(words, options_); }
  ProgramResult run(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"run", "pipeline.yaml", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return runner(words);
  }
  // "index done, near unchanged": what became of each step, in their order.
  static std::string states_in(const ProgramResult& result) {
    const Json told = result_of(result);
    if (!told.contains("steps")) return "none";
    std::string text;
    for (const Json& step : told["steps"])
      text += (text.empty() ? "" : ", ") + step.value("name", "") + " " + step.value("state", "");
    return text;
  }
  std::string states(const std::vector<std::string>& more = {}) const {
    const ProgramResult result = run(more);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return states_in(result);
  }
  Json plan() const {
    const ProgramResult result = runner({"plan", "pipeline.yaml", "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result_of(result)["steps"];
  }
  bool is_there(const std::string& name) const { return std::filesystem::exists(folder_ / name); }

  const std::string index_step = "  - name: index\n    config: index.yaml\n";
  const std::string search_step =
      "  - name: near\n    job: search\n    set:\n      - index={steps.index.output}\n"
      "      - queries=a.npz\n      - k=3\n      - output=near.npz\n";
  const std::string windows_step = "  - name: windows\n    config: windows.yaml\n";
  TemporaryFolder folder_;
  ProgramOptions options_;
};

}  // namespace runner::test
