#pragma once
// `runner index` as a user runs it, in a folder with two inputs.

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/formats/numpy/npz_writer.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace runner::test {

class IndexRuns : public ::testing::Test {
 protected:
  static constexpr std::int64_t rows = 4000, width = 64;

  void SetUp() override {
    write_input("a.npz", 1);
    write_input("b.npz", 2);
    folder_.write("index.yaml",
                  "job: index\ninput: {vectors: a.npz}\nverify: {queries: 20}\noutput: out/x.index\n");
    options_.folder = folder_.path().string();
    options_.environment = {{"RUNNER_CACHE_DIR", (folder_ / "cache").string()}};
  }

  void write_input(const std::string& name, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<std::size_t>(rows * width));
    for (float& value : values) value = normal(random);
    data::NpzWriter writer(folder_ / name);
    writer.write("vectors", data::DType::f32, {rows, width}, values.data());
    writer.finish();
  }

  std::vector<std::string> words(std::vector<std::string> flags) const {
    flags.insert(flags.begin(), {"index", "index.yaml"});
    return flags;
  }
  ProgramResult index(const std::vector<std::string>& flags = {}) const {
    return run_runner(words(flags), options_);
  }
  std::string published() const { return file_contents(folder_ / "out/x.index"); }
  // The bytes of an index of this input, built apart.
  std::string expected(const std::string& input) const {
    const ProgramResult built = index({"--npz", input, "--output", "expected/" + input + ".index"});
    EXPECT_EQ(built.exit_code, 0) << built.err;
    return file_contents(folder_ / ("expected/" + input + ".index"));
  }
  // Names in the output's folder that end so.
  std::vector<std::string> left(const std::string& ending) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "out"))
      if (entry.path().string().ends_with(ending)) names.push_back(entry.path().filename());
    return names;
  }

  TemporaryFolder folder_;
  ProgramOptions options_;
};

}  // namespace runner::test
